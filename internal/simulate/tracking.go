package simulate

import "math"

// cloudWatch delays a metric of one point a minute: the point of a minute can be seen a while after its end.
type cloudWatch struct {
	points []point
	delay  float64
}

type point struct{ seen, value float64 }

// metricDelay is how long after its minute a datapoint of SQS or of a custom metric is there, on the mean of 60 to 120 s.
const metricDelay = 90.0

func (c *cloudWatch) put(at, value float64) {
	c.points = append(c.points, point{at + c.delay, value})
	if n := len(c.points); n > 64 {
		c.points = append(c.points[:0], c.points[n-32:]...)
	}
}

// last returns the newest points that can be seen, the oldest first; nil when there are fewer than n.
func (c *cloudWatch) last(now float64, n int) []point {
	end := len(c.points)
	for end > 0 && c.points[end-1].seen > now {
		end--
	}
	if end < n {
		return nil
	}
	return c.points[end-n : end]
}

// tracking is target tracking of Application Auto Scaling on a metric of our own: visible messages for each running
// task. Its two alarms look at 3 minutes above the target and at 15 below nine tenths of it.
// https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
type tracking struct {
	target            float64
	outAfter, inAfter float64 // cooldowns, in seconds
	metric            cloudWatch
	low, high         int
	out, in           float64 // when the last action was
	base              int     // the count before the last scaling out
}

const (
	alarmOut   = 3
	alarmIn    = 15
	alarmShare = 0.9
	aMinute    = 60.0
	awsCool    = 300.0
)

// TargetTracking returns a policy with a target of so many visible messages for each running task.
func TargetTracking(target int, s Settings) Scaler {
	return newTracking(float64(target), awsCool, awsCool, s)
}

// Copilot returns the worker service of AWS Copilot: target tracking of the backlog for each task, at the acceptable
// latency divided by the processing time.
func Copilot(s Settings) Scaler {
	const inCool, outCool = 120, 60
	return newTracking(math.Ceil(s.Target/s.Service.Mean()), outCool, inCool, s)
}

func newTracking(target, outAfter, inAfter float64, s Settings) *tracking {
	return &tracking{
		target: target, outAfter: outAfter, inAfter: inAfter, metric: cloudWatch{delay: metricDelay},
		low: s.Min, high: s.Max, out: unset, in: unset,
	}
}

func (t *tracking) Step(r Reading) (int, float64) {
	t.metric.put(r.At, math.Ceil(float64(r.Visible)/float64(max(r.Running, 1))))
	return t.decide(r), aMinute
}

func (t *tracking) decide(r Reading) int {
	if p := t.metric.last(r.At, alarmOut); p != nil && all(p, func(v float64) bool { return v > t.target }) {
		want := max(1, int(math.Ceil(float64(max(r.Desired, 1))*p[len(p)-1].value/t.target)))
		if r.At < t.out+t.outAfter {
			// within the cooldown only what goes beyond the last step counts
			want = max(r.Desired, int(math.Ceil(float64(max(t.base, 1))*p[len(p)-1].value/t.target)))
		}
		want = min(max(want, t.low), t.high)
		if want > r.Desired {
			t.base, t.out = r.Desired, r.At
			return want
		}
		return r.Desired
	}
	p := t.metric.last(r.At, alarmIn)
	if p == nil || !all(p, func(v float64) bool { return v < alarmShare*t.target }) || r.At < t.in+t.inAfter || r.At < t.out+t.outAfter {
		return r.Desired
	}
	want := int(math.Ceil(float64(r.Desired) * p[len(p)-1].value / t.target))
	if want = min(max(want, t.low), t.high); want < r.Desired {
		t.in = r.At
		return want
	}
	return r.Desired
}

func all(points []point, ok func(float64) bool) bool {
	for _, p := range points {
		if !ok(p.value) {
			return false
		}
	}
	return true
}

// steps is step scaling as a queue-processing service of the CDK has it by default: one task more from 100 visible
// messages on, five more from 500 on, one less when there is none; alarms of one minute.
// https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-step-scaling-policies.html
type steps struct {
	metric    cloudWatch
	low, high int
	acted     float64
	added     int // by the step of the cooldown that runs
}

const (
	stepOne, stepFive = 100, 500
	manyMore          = 5
)

// StepScaling returns the policy. Of its own it never leaves zero for fewer than 100 messages, so it keeps one task.
func StepScaling(s Settings) Scaler {
	return &steps{metric: cloudWatch{delay: metricDelay}, low: max(s.Min, 1), high: s.Max, acted: unset}
}

func (t *steps) Step(r Reading) (int, float64) {
	t.metric.put(r.At, float64(r.Visible))
	n := r.Desired
	if p := t.metric.last(r.At, 1); p != nil {
		n = t.decide(r, p[0].value)
	}
	return min(max(n, t.low), t.high), aMinute
}

func (t *steps) decide(r Reading, visible float64) int {
	step := 0
	switch {
	case visible >= stepFive:
		step = manyMore
	case visible >= stepOne:
		step = 1
	case visible == 0:
		step = -1
	}
	cooling := r.At < t.acted+awsCool
	switch {
	case step > 0 && cooling && step > t.added:
		more := step - max(t.added, 0)
		t.added = step
		return r.Desired + more
	case step != 0 && !cooling:
		t.acted, t.added = r.At, step
		return r.Desired + step
	}
	return r.Desired
}
