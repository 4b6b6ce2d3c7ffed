package scaling

import "math"

// Guess is one service time that might be the true one: how well it explains the counts, as the logarithm of a
// likelihood, and the arrivals a second that follow from it.
type Guess struct {
	Score float64 `json:"s"`
	Rate  float64 `json:"r"`
}

// The guesses go from a tenth of a second to an hour and a half, each 30 % above the one before.
const (
	leastGuess = 0.1
	guessRatio = 1.3
	guesses    = 42
)

const (
	forget   = 0.998 // of the score, at each sample: some 500 samples are remembered
	rateTime = 15.0  // seconds over which a guess averages its arrivals
	silence  = 0.1   // the share in which nothing arrives, whatever came before
	jumps    = 0.05  // the share of samples in which arrivals are nothing like those before
	// Arrivals are bursts when their variance is so many times that of chance, and so many squares of messages: a minute of
	// looks tells no better.
	swingChance = 2.0
	swingLeast  = 30.0
	leastLog    = -25.0 // a guess is never less likely than this, so that the truth may change
	blindFor    = 60.0  // after so many seconds without a sample, the counts tell nothing of the work between
	priorPart   = 10.0  // before anything was seen, work is taken to last this part of the latency,
	priorWide   = 1.2   // give or take this, as the deviation of its logarithm
	mostScore   = 20.0  // a sample takes no more than this from a score
)

func guessed(i int) float64 { return leastGuess * math.Pow(guessRatio, float64(i)) }

// serviceTime is the mean work on one message, in seconds: the hint, or the mean of the guesses' logarithms by
// likelihood.
func serviceTime(p Policy, seen []Guess) float64 {
	if p.ServiceTime > 0 {
		return p.ServiceTime.Seconds()
	}
	var scores [guesses]float64
	best := math.Inf(-1)
	for i := range scores {
		d := math.Log(guessed(i)*priorPart/p.latency()) / priorWide
		scores[i] = -d * d / 2
		if len(seen) == guesses {
			scores[i] += seen[i].Score
		}
		best = max(best, scores[i])
	}
	weight, sum := 0.0, 0.0
	for i, score := range scores {
		w := math.Exp(score - best)
		weight, sum = weight+w, sum+w*math.Log(guessed(i))
	}
	return math.Exp(sum / weight)
}

// interval is what the counts tell of the time between two samples.
type interval struct {
	seconds float64
	change  float64 // of all messages, visible or in flight
	working float64 // messages in flight, the mean
	noise   float64 // what the counts may be off by
	weight  float64 // of the evidence
	burst   float64 // the variance of arrivals beyond chance
}

// arrived is how many messages came, if one takes so long.
func (v interval) arrived(service float64) float64 { return v.change + v.done(service) }

// done is how many messages were done, if one takes so long.
func (v interval) done(service float64) float64 { return v.working * v.seconds / service }

// chance is the variance of a difference of counts when so many messages are expected to come and so many to be done. Both
// vary as of Poisson; four fifths allow for counts that change between.
func (v interval) chance(expected, done float64) float64 {
	return 0.8*(expected+done) + 0.1 + v.noise*v.noise
}

// weigh scores each guess by what follows from it: with the work that was done at that speed, messages must have
// arrived, not fewer than none, and much as just before. The true service time makes arrivals the steadiest; a wrong
// one mirrors the comings and goings of tasks in them. How unsteady arrivals are, beyond chance, is the same for all
// guesses: judged by its own arrivals, the guess with the most of them would always look the steadiest.
func weigh(seen []Guess, swing float64, v interval) ([]Guess, float64) {
	out := make([]Guess, guesses)
	known := len(seen) == guesses
	if known {
		copy(out, seen)
		swing, v.burst = swings(seen, swing, v)
	}
	top := math.Inf(-1)
	for i := range out {
		out[i] = out[i].weigh(guessed(i), v, known)
		top = max(top, out[i].Score)
	}
	for i := range out {
		out[i].Score = max(out[i].Score-top, leastLog)
	}
	return out, swing
}

// swings is the variance of arrivals about their average, of the last minute, as the likeliest guess has it; and how much
// of it is beyond chance.
func swings(seen []Guess, swing float64, v interval) (all, beyond float64) {
	best := 0
	for i := range seen {
		if seen[i].Score > seen[best].Score {
			best = i
		}
	}
	service, expected := guessed(best), max(seen[best].Rate*v.seconds, 0)
	off := v.arrived(service) - expected
	swing += (off*off - swing) * (1 - math.Exp(-v.seconds/averageOver))
	return swing, max(swing-swingChance*v.chance(expected, v.done(service))-swingLeast, 0)
}

func (g Guess) weigh(service float64, v interval, known bool) Guess {
	done, arrived := v.done(service), v.arrived(service)
	if !known {
		return Guess{Rate: max(arrived, 0) / v.seconds}
	}
	expected := max(g.Rate*v.seconds, 0)
	still := v.chance(0, done)
	likely := (1-jumps-silence)*density(arrived-expected, v.chance(expected, done)+v.burst) +
		silence*density(arrived, still) + jumps/(2*(math.Abs(v.change)+v.working+5))
	g.Score = g.Score*math.Pow(forget, v.weight) + v.weight*math.Log(likely)
	if own := math.Sqrt(done + 1 + v.noise*v.noise); arrived < -own { // fewer than none: more than chance
		g.Score -= v.weight * min((arrived/own+1)*(arrived/own+1)/2, mostScore)
	}
	g.Rate += (arrived/v.seconds - g.Rate) * (1 - math.Exp(-v.seconds/rateTime))
	return g
}

// density is that of a normal distribution about zero.
func density(d, variance float64) float64 {
	return math.Exp(-d*d/(2*variance)) / math.Sqrt(2*math.Pi*variance)
}
