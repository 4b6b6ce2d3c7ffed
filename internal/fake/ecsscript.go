package fake

import "time"

// Script is a Runner that runs nothing: how each task goes is written beforehand. Time is the clock of ECS, and things
// happen in its Advance.
type Script struct {
	ECS *ECS
	// Plan is how a task goes.
	Plan func(Task) Play
}

// Play is how one task goes.
type Play struct {
	Start time.Duration // until its containers run: pulling the image
	Runs  time.Duration // from then on; zero: until it is asked to stop
	Ends  Ended
	Stop  time.Duration // from SIGTERM to its end
	// Stopped is how it ends after SIGTERM.
	Stopped Ended
}

// Start begins the play.
func (s Script) Start(t Task, started func(), ended func(Ended)) {
	p := s.Plan(t)
	if p.Ends.StopCode == "TaskFailedToStart" {
		s.ECS.After(p.Start, func() { ended(p.Ends) })
		return
	}
	s.ECS.After(p.Start, started)
	if p.Runs > 0 {
		s.ECS.After(p.Start+p.Runs, func() { ended(p.Ends) })
	}
}

// Stop goes over to the end that was written for it.
func (s Script) Stop(t Task) {
	p := s.Plan(t)
	s.ECS.After(p.Stop, func() { s.ECS.End(t.TaskArn, p.Stopped) })
}
