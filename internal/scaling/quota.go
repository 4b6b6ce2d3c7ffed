package scaling

import "time"

// The launch quotas of Fargate: tasks that an account may launch at once, and then a second; and that a service may
// launch in a minute. Whoever has more is taken to have these, and sees tasks start sooner than expected.
const (
	launchBurst  = 100.0
	launchRate   = 20.0
	launchMinute = 500.0
	// launchApart is how far apart the launches of tasks that wait for the quota are remembered, and launchLast after
	// how long the last of them are taken to be launched.
	launchApart = 10 * time.Second
	launchLast  = 3 * time.Minute
)

// Quota is what the launch quotas leave at a time: tokens of the account's and of the service's bucket. Below zero, so
// many tasks wait for their launch.
type Quota struct {
	At      time.Time `json:"at"`
	Account float64   `json:"account"`
	Service float64   `json:"service"`
}

// refill lets time pass.
func (q Quota) refill(now time.Time) Quota {
	if q.At.IsZero() {
		return Quota{now, launchBurst, launchMinute}
	}
	passed := max(now.Sub(q.At).Seconds(), 0)
	return Quota{now, min(q.Account+passed*launchRate, launchBurst), min(q.Service+passed*launchMinute/60, launchMinute)}
}

// take takes so many tasks; fewer than none gives them back.
func (q Quota) take(tasks int) Quota {
	q.Account, q.Service = min(q.Account-float64(tasks), launchBurst), min(q.Service-float64(tasks), launchMinute)
	return q
}

// within is how many tasks more may be launched within a time.
func (q Quota) within(wait time.Duration) int {
	return int(max(min(q.Account+wait.Seconds()*launchRate, q.Service+wait.Seconds()*launchMinute/60), 0))
}

// launch is when so many tasks are launched that are asked for at a time, and what the quotas leave.
func (q Quota) launch(tasks int, now time.Time) ([]Launch, Quota) {
	var out []Launch
	for wait, done := time.Duration(0), 0; done < tasks; wait += launchApart {
		n := tasks - done
		if wait < launchLast {
			n = min(n, q.within(wait)-done)
		}
		if n > 0 {
			out, done = append(out, Launch{now.Add(wait), n}), done+n
		}
	}
	return out, q.take(tasks)
}

// sum is how many tasks there are in launches.
func sum(all []Launch) int {
	n := 0
	for _, l := range all {
		n += l.N
	}
	return n
}
