package config

import (
	"time"

	"slipway/internal/run"
)

// Config is slipway.yaml, compiled. As package compile makes it, texts may hold ${Name}; Load has filled them in.
type Config struct {
	Version       int            `json:"version"`
	Jobs          []run.Job      `json:"jobs,omitempty"`
	Scalers       []Scaler       `json:"scalers,omitempty"`
	Notifications []Notification `json:"notifications,omitempty"`
	Stops         []Stop         `json:"stops,omitempty"`
	Logs          []Log          `json:"logs,omitempty"`
	// Containers are the containers that matter of tasks that Slipway did not start, by service or task family.
	Containers map[string]string `json:"containers,omitempty"`
}

// Scaler says which service follows which queues.
type Scaler struct {
	Name            string        `json:"name"`
	Queues          []string      `json:"queues"` // URLs
	Cluster         string        `json:"cluster"`
	Service         string        `json:"service"`
	Min             int           `json:"min"`
	Max             int           `json:"max"`
	MessagesPerTask int           `json:"messagesPerTask"`
	Latency         time.Duration `json:"latency,omitempty"`     // zero: a minute
	ServiceTime     time.Duration `json:"serviceTime,omitempty"` // zero: learned
	StartupTime     time.Duration `json:"startupTime,omitempty"` // zero: learned
	ScaleIn         string        `json:"scaleIn,omitempty"`     // "idle" (default) or "protected"
	MaxGroups       int           `json:"maxGroups,omitempty"`   // of FIFO queues; zero: not known
}
