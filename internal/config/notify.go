package config

import "slipway/internal/stop"

// Notification says who is told of which events. To holds mail addresses and SNS topic ARNs. An empty filter lets
// everything through.
type Notification struct {
	To       []string `json:"to"`
	Events   []string `json:"events"`
	Jobs     []string `json:"jobs,omitempty"`
	Services []string `json:"services,omitempty"` // names
	Classes  []string `json:"classes,omitempty"`
	Severity string   `json:"severity,omitempty"` // the least: "info", "warning" or "error"
	// Watch are services that are watched beside those under scalers; WatchClusters says that every task on the
	// clusters of the file is.
	Watch         []Watched `json:"watch,omitempty"`
	WatchClusters bool      `json:"watchClusters,omitempty"`
}

// Watched is an ECS service that is watched.
type Watched struct {
	Cluster string `json:"cluster"` // name or ARN
	Service string `json:"service"`
}

// Stop is an explanation of one's own for tasks that stop. What it leaves out fits everything; what it gives stands for
// what Slipway would say.
type Stop struct {
	Jobs      []string `json:"jobs,omitempty"`
	Services  []string `json:"services,omitempty"`
	Container string   `json:"container,omitempty"`
	ExitCodes []int    `json:"exitCodes,omitempty"`
	Reason    string   `json:"reason,omitempty"`
	StopCode  string   `json:"stopCode,omitempty"`

	Class     string `json:"class,omitempty"`
	Severity  string `json:"severity,omitempty"`
	Expected  *bool  `json:"expected,omitempty"`
	Retryable *bool  `json:"retryable,omitempty"`
	Summary   string `json:"summary,omitempty"`
	Remedy    string `json:"remedy,omitempty"`
	Link      string `json:"link,omitempty"`
}

// Log is where the tasks of a job or service write. The stream of a task is Prefix/CONTAINER/TASK-ID, as the log
// driver awslogs names it.
type Log struct {
	Name   string `json:"name"` // of the job or service
	Group  string `json:"group"`
	Prefix string `json:"prefix"`
	Lines  int    `json:"lines"`
}

// Watched are the services whose failing tasks somebody is told of.
func (c Config) Watched() []Watched {
	var out []Watched
	for _, s := range c.Scalers {
		out = append(out, Watched{s.Cluster, s.Service})
	}
	for _, n := range c.Notifications {
		out = append(out, n.Watch...)
	}
	return out
}

// WatchedClusters are the clusters of which every failing task is told, each as often as it is named.
func (c Config) WatchedClusters() []string {
	all := false
	for _, n := range c.Notifications {
		all = all || n.WatchClusters
	}
	if !all {
		return nil
	}
	var out []string
	for _, j := range c.Jobs {
		out = append(out, j.Task.Cluster)
	}
	for _, w := range c.Watched() {
		out = append(out, w.Cluster)
	}
	return out
}

// Rules are the explanations of one's own, as package stop takes them.
func (c Config) Rules() []stop.Rule {
	var out []stop.Rule
	for _, s := range c.Stops {
		out = append(out, stop.Rule(s))
	}
	return out
}
