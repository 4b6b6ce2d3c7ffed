package fake

import (
	"context"
	"slices"
	"sync"

	"slipway/internal/run"
)

// Scalers keeps what scalers remember, as internal/ledger does. The zero value is empty and ready.
type Scalers struct {
	// Fault is as that of Ledger.
	Fault func(call string, after bool) error

	mu     sync.Mutex // protects following field
	states map[string]run.ScalerState
}

// Scaler returns what a scaler remembers.
func (s *Scalers) Scaler(_ context.Context, name string) (out run.ScalerState, err error) {
	out.Name = name
	err = s.call("Scaler", func() error {
		if stored, ok := s.states[name]; ok {
			out = stored
			out.Memory = slices.Clone(stored.Memory)
		}
		return nil
	})
	return out, err
}

// SaveScaler stores what a scaler remembers when nobody else has since it was read.
func (s *Scalers) SaveScaler(_ context.Context, state run.ScalerState) (run.ScalerState, error) {
	err := s.call("SaveScaler", func() error {
		if s.states[state.Name].Revision != state.Revision {
			return &run.Conflict{}
		}
		stored := state
		stored.Memory = slices.Clone(state.Memory)
		stored.Revision++
		s.states[state.Name] = stored
		return nil
	})
	if err == nil {
		state.Revision++
	}
	return state, err
}

func (s *Scalers) call(name string, effect func() error) error {
	if s.Fault != nil {
		if err := s.Fault(name, false); err != nil {
			return err
		}
	}
	s.mu.Lock()
	if s.states == nil {
		s.states = map[string]run.ScalerState{}
	}
	err := effect()
	s.mu.Unlock()
	if err == nil && s.Fault != nil {
		err = s.Fault(name, true)
	}
	return err
}
