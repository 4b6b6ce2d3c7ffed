package main

import (
	"context"
	"encoding/json"

	"slipway/internal/run"
	"slipway/internal/scaling"
)

// memory is what a scaler remembers, and where it is stored.
type memory struct {
	stored run.ScalerState
	state  scaling.State
}

// recall reads what a scaler remembers. One that remembers nothing decides all the same, only with less to go by.
func (h *handler) recall(ctx context.Context, name string) *memory {
	m := &memory{stored: run.ScalerState{Name: name}}
	stored, err := h.memories.Scaler(ctx, name)
	if err != nil {
		h.log.WarnContext(ctx, "memory not read", "scaler", name, "error", err)
		return m
	}
	m.stored = stored
	if len(stored.Memory) == 0 {
		return m
	}
	if err := json.Unmarshal(stored.Memory, &m.state); err != nil {
		h.log.WarnContext(ctx, "memory not understood", "scaler", name, "error", err)
		m.state = scaling.State{}
	}
	return m
}

// store writes what a scaler remembers. A failure costs it the last minute.
func (h *handler) store(ctx context.Context, m *memory) {
	text, err := json.Marshal(m.state)
	if err == nil {
		m.stored.Memory = text
		m.stored, err = h.memories.SaveScaler(ctx, m.stored)
	}
	if err != nil {
		h.log.WarnContext(ctx, "memory not stored", "scaler", m.stored.Name, "error", err)
	}
}
