package simulate

// buildkite is buildkite-agent-scaler on SQS: every ten seconds as many tasks as there are messages, at work or not.
// Its workers end by themselves when they are idle, which is what scaling in does here.
// https://github.com/buildkite/buildkite-agent-scaler
type buildkite struct{ perTask int }

const buildkiteEvery = 10.0

// Buildkite returns the scaler.
func Buildkite(s Settings) Scaler { return buildkite{s.MessagesPerTask} }

func (b buildkite) Step(r Reading) (int, float64) {
	return (r.Visible + r.InFlight + b.perTask - 1) / b.perTask, buildkiteEvery
}

// fixed is a fleet that never changes.
type fixed int

// Fixed returns a fleet of so many tasks.
func Fixed(n int) Scaler { return fixed(n) }

func (f fixed) Step(Reading) (int, float64) { return int(f), aMinute }
