package ledger_test

import (
	"context"
	"errors"
	"testing"

	"slipway/internal/emulator"
	"slipway/internal/fake"
	"slipway/internal/ledger"
	"slipway/internal/run"
)

// scalers is what a scaler needs of the ledger.
type scalers interface {
	Scaler(ctx context.Context, name string) (run.ScalerState, error)
	SaveScaler(ctx context.Context, s run.ScalerState) (run.ScalerState, error)
}

func TestAScalersMemoryIsKept(t *testing.T) {
	for name, open := range map[string]func(*testing.T) scalers{
		"in memory": func(*testing.T) scalers { return &fake.Scalers{} },
		"on DynamoDB": func(t *testing.T) scalers {
			cfg, url := emulator.Config(t)
			return ledger.New(cfg, url, emulator.Table(t.Context(), t))
		},
	} {
		t.Run(name, func(t *testing.T) { keepsScalers(t.Context(), t, open(t)) })
	}
}

func keepsScalers(ctx context.Context, t *testing.T, l scalers) {
	first, err := l.Scaler(ctx, "orders")
	if err != nil || first.Revision != 0 || first.Memory != nil {
		t.Fatalf("a scaler never stored = %+v, %v", first, err)
	}
	first.Memory = []byte(`{"a":1}`)
	second, err := l.SaveScaler(ctx, first)
	if err != nil || second.Revision != 1 {
		t.Fatalf("stored = %+v, %v", second, err)
	}
	var conflict *run.Conflict
	if _, err := l.SaveScaler(ctx, first); !errors.As(err, &conflict) {
		t.Errorf("stored twice from the same revision: %v, want a conflict", err)
	}
	second.Memory = []byte(`{"a":2}`)
	if _, err := l.SaveScaler(ctx, second); err != nil {
		t.Fatal(err)
	}
	got, err := l.Scaler(ctx, "orders")
	if err != nil || string(got.Memory) != `{"a":2}` || got.Revision != 2 {
		t.Errorf("read again = %s at revision %d, %v", got.Memory, got.Revision, err)
	}
	if other, err := l.Scaler(ctx, "other"); err != nil || other.Revision != 0 {
		t.Errorf("another scaler = %+v, %v", other, err)
	}
}
