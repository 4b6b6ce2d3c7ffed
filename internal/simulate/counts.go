package simulate

// counts remembers the last states of the queue, for those who see them late.
type counts struct {
	times             [remembered]float64
	visible, inFlight [remembered]int
	last              int
}

const (
	remembered = 64
	apart      = 0.25 // seconds between two that are remembered
)

// note is called before each change, with the state that held until then.
func (c *counts) note(at float64, visible, inFlight int) {
	if at-c.times[c.last] >= apart {
		c.last = (c.last + 1) % remembered
	}
	c.times[c.last], c.visible[c.last], c.inFlight[c.last] = at, visible, inFlight
}

// at is the state that held at a time, as far as it is remembered.
func (c *counts) at(when float64) (visible, inFlight int) {
	i := c.last
	for range remembered - 1 {
		before := (i + remembered - 1) % remembered
		if c.times[before] < when || c.times[before] > c.times[i] {
			break
		}
		i = before
	}
	return c.visible[i], c.inFlight[i]
}
