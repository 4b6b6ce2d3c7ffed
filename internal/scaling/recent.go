package scaling

import (
	"math"
	"time"
)

const (
	// Tasks that were enough a while ago are kept for so many median start-up times, since a task that is stopped and
	// started again is paid for that long without working, and for a quarter of a minute at least.
	keepFor   = 1.7
	keepLeast = 20 * time.Second
	// The last few are kept for longer, since a burst that meets none of them waits for the start.
	fewTasks = 3
	fewFor   = 5.0
	fewLeast = 45 * time.Second
	// One stays for longer still after the last message, and none for longer than that.
	warmFor   = 7.0
	warmLeast = time.Minute
	// What the launch quota of Fargate cannot bring in time is kept for a quarter of an hour after it was needed twice.
	quotaTasks = 300
	quotaFor   = 15 * time.Minute
	// calmFor is how long a burst must be over before the next one is another.
	calmFor = time.Minute
	// mostPeaks bounds how many are remembered.
	mostPeaks = 8
	// needFor is how long needs are remembered: for longer than the slowest start makes one matter.
	needFor = 20 * time.Minute
	// apart is how many seconds needs are apart that are remembered.
	apart = 10
)

// remember adds a need. An older one that is not greater can never matter again.
func remember(needs []Need, n Need, now time.Time) []Need {
	out := make([]Need, 0, len(needs)+1)
	for _, old := range needs {
		if old.N > n.N && now.Sub(old.At) <= needFor {
			out = append(out, old)
		}
	}
	if k := len(out); k > 0 && out[k-1].At.Unix()/apart == n.At.Unix()/apart {
		return out
	}
	return append(out, n)
}

// recent is how many tasks are kept because they were needed of late.
func (st State) recent(start starting, now time.Time) int {
	keep := after(start, keepFor, keepLeast)
	few := after(start, fewFor, fewLeast)
	most := 0.0
	for _, n := range st.Needs {
		age := now.Sub(n.At)
		if age <= keep {
			most = max(most, n.N)
		}
		if age <= few {
			most = max(most, min(n.N, fewTasks))
		}
	}
	most = max(most, second(st.Peaks)-quotaTasks)
	return int(math.Ceil(most - nearly))
}

// warm reports whether messages were seen of late.
func (st State) warm(start starting, now time.Time) bool {
	return !st.Active.IsZero() && now.Sub(st.Active) <= after(start, warmFor, warmLeast)
}

// after is a number of median start-up times.
func after(start starting, times float64, least time.Duration) time.Duration {
	return max(time.Duration(times*float64(start)*float64(time.Second)), least)
}

// burst adds a need to the peaks: the highest need of each burst beyond the launch quota.
func burst(peaks []Peak, need float64, now time.Time) []Peak {
	out := make([]Peak, 0, len(peaks)+1)
	for _, p := range peaks {
		if now.Sub(p.Until) <= quotaFor {
			out = append(out, p)
		}
	}
	if need <= quotaTasks {
		return out
	}
	if k := len(out) - 1; k >= 0 && now.Sub(out[k].Until) <= calmFor {
		out[k] = Peak{now, max(out[k].N, need)}
		return out
	}
	out = append(out, Peak{now, need})
	return out[max(0, len(out)-mostPeaks):]
}

// second is the second highest peak.
func second(peaks []Peak) float64 {
	first, next := 0.0, 0.0
	for _, p := range peaks {
		first, next = max(first, p.N), max(next, min(first, p.N))
	}
	return next
}
