package simulate

import "math"

// keda is the SQS scaler of KEDA with the Horizontal Pod Autoscaler behind it, with their defaults.
// https://keda.sh/docs/latest/scalers/aws-sqs/, pkg/scaling/executor, and pkg/controller/podautoscaler of Kubernetes.
type keda struct {
	queueLength float64
	low, high   int
	active      float64    // when the queue was last seen not to be empty
	past        []proposal // of the last five minutes
	polled      float64
	seen        bool
}

type proposal struct {
	at float64
	n  int
}

const (
	kedaPoll      = 30.0  // pollingInterval
	kedaCooldown  = 300.0 // cooldownPeriod
	hpaSync       = 15.0  // --horizontal-pod-autoscaler-sync-period
	hpaTolerance  = 0.1
	hpaStabilise  = 300.0 // --horizontal-pod-autoscaler-downscale-stabilization
	hpaLeastUp    = 4
	hpaUpFactor   = 2
	unset         = -1e18
	pastAllocated = 24
)

// KEDA returns the scaler with a target of so many messages for each task.
func KEDA(queueLength int, s Settings) Scaler {
	return &keda{
		queueLength: float64(queueLength), low: s.Min, high: s.Max, active: unset, polled: unset,
		past: make([]proposal, 0, pastAllocated),
	}
}

func (k *keda) Step(r Reading) (int, float64) {
	queue := r.Visible + r.InFlight
	n := r.Desired
	if r.At-k.polled >= kedaPoll {
		k.polled = r.At
		n = k.poll(r, queue)
	}
	if n == r.Desired && n > 0 {
		n = k.sync(r, queue)
	}
	return n, hpaSync
}

// poll is KEDA's own loop: it wakes the service, and puts it to sleep.
func (k *keda) poll(r Reading, queue int) int {
	if queue > 0 {
		k.active, k.seen = r.At, true
		if r.Desired == 0 {
			k.past = k.past[:0]
			return max(k.low, 1)
		}
		return r.Desired
	}
	if k.low == 0 && r.Desired > 0 && (!k.seen || r.At > k.active+kedaCooldown) {
		return 0
	}
	return r.Desired
}

// sync is one round of the Horizontal Pod Autoscaler.
func (k *keda) sync(r Reading, queue int) int {
	current := r.Desired
	replicas := float64(r.Running + r.Pending)
	raw := int(math.Ceil(float64(queue) / k.queueLength))
	if ratio := float64(queue) / (k.queueLength * max(replicas, 1)); math.Abs(1-ratio) <= hpaTolerance {
		raw = int(replicas)
	}
	kept := k.past[:0]
	for _, p := range k.past {
		if p.at > r.At-hpaStabilise {
			kept = append(kept, p)
		}
	}
	k.past = append(kept, proposal{r.At, raw})
	want := raw
	for _, p := range k.past {
		want = max(want, p.n)
	}
	want = min(want, max(hpaUpFactor*current, hpaLeastUp))
	return min(max(want, k.low, 1), k.high)
}
