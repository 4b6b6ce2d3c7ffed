package ledger

import (
	"context"

	"slipway/internal/run"
)

// Scaler returns what a scaler remembers, which is nothing when it was never stored or was written by a newer release.
func (l *Ledger) Scaler(ctx context.Context, name string) (run.ScalerState, error) {
	s := run.ScalerState{Name: name}
	it, err := l.get(ctx, keyOf("scaler", name))
	if err != nil || it == nil {
		return s, err
	}
	if s.Revision, err = numberOf(it, "rev"); err != nil {
		return s, err
	}
	if version, err := numberOf(it, "v"); err != nil || version > layoutVersion {
		return s, err // memory is worth a few minutes: begin again
	}
	s.Memory = []byte(textOf(it, "doc"))
	return s, nil
}

// SaveScaler stores what a scaler remembers when nobody else has since it was read, and returns it with its revision.
func (l *Ledger) SaveScaler(ctx context.Context, s run.ScalerState) (run.ScalerState, error) {
	it := keyOf("scaler", s.Name)
	it["doc"], it["rev"], it["v"] = text(string(s.Memory)), number(s.Revision+1), number(layoutVersion)
	stored, err := l.put(ctx, it, s.Revision)
	if err != nil {
		return s, err
	}
	if stored != nil {
		return s, &run.Conflict{}
	}
	s.Revision++
	return s, nil
}
