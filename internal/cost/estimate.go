package cost

import "math"

// Line is one charge of a bill.
type Line struct {
	For      string  `json:"for"` // what it is caused by: tasks, runs, batches, ticks, …
	Item     Item    `json:"item"`
	Quantity float64 `json:"quantity"`
	Dollars  float64 `json:"dollars"`
}

// Bill is a way to do the work, and what it costs a month.
type Bill struct {
	Name    string  `json:"name"`
	Lines   []Line  `json:"lines"`
	Dollars float64 `json:"dollars"`
	Lacks   string  `json:"lacks,omitempty"` // what is not in it, and comes with Slipway
}

func (b *Bill) add(p Prices, what string, item Item, quantity float64) {
	if quantity == 0 {
		return
	}
	dollars := quantity * p.Of(item)
	b.Lines = append(b.Lines, Line{For: what, Item: item, Quantity: quantity, Dollars: dollars})
	b.Dollars += dollars
}

// Estimate is a month.
type Estimate struct {
	Prices  Prices `json:"-"`
	Tasks   Bill   `json:"tasks"`   // the tasks that Slipway starts, and those of the services that it scales
	Slipway Bill   `json:"slipway"` // Slipway itself
	Peers   []Bill `json:"peers"`   // the same work in other ways, tasks included
	// Together is Tasks and Slipway. Share is Slipway's part of the tasks' cost; zero when there are none.
	Together float64 `json:"together"`
	Share    float64 `json:"share"`
}

// For estimates a month of a workload that Check has passed.
func For(w Workload, p Prices) Estimate {
	e := Estimate{Prices: p, Tasks: tasks(w, p), Slipway: slipway(w, p), Peers: []Bill{stepFunctions(w, p), awsBatch(w, p), poller(w, p)}}
	e.Together = e.Tasks.Dollars + e.Slipway.Dollars
	if e.Tasks.Dollars > 0 {
		e.Share = e.Slipway.Dollars / e.Tasks.Dollars
	}
	return e
}

// Fargate bills each second from the pull of the image to the end of the task, and a minute at least.
// https://aws.amazon.com/fargate/pricing/ The pull takes most of the start-up that facts about Fargate report.
const (
	startUp   = 35.0
	least     = 60.0
	freeSpace = 20 // GiB
)

// fargate adds so many task-seconds of a size, where each of the tasks has an address of its own.
func (b *Bill) fargate(p Prices, w Workload, what string, size Task, seconds float64) {
	cpu, memory, spotCPU, spotMemory := CPUHoursARM, MemoryHoursARM, SpotCPUHoursARM, SpotMemoryARM
	if w.X86 {
		cpu, memory, spotCPU, spotMemory = CPUHoursX86, MemoryHoursX86, SpotCPUHoursX86, SpotMemoryX86
	}
	hours := seconds / 3600
	vcpus, gb := float64(size.CPU)/1024, float64(size.Memory)/1024
	b.add(p, what, cpu, hours*vcpus*(1-w.Spot))
	b.add(p, what, memory, hours*gb*(1-w.Spot))
	b.add(p, what, spotCPU, hours*vcpus*w.Spot)
	b.add(p, what, spotMemory, hours*gb*w.Spot)
	b.add(p, what, EphemeralHours, hours*float64(max(0, size.EphemeralStorage-freeSpace)))
	if w.PublicIP {
		b.add(p, what, PublicAddresses, hours)
	}
}

// billed are the seconds of one task that works for so long.
func billed(work float64) float64 { return max(least, startUp+work) }

// tasks are the tasks of the objects, in batches where there are any, those of the jobs, and those of the services.
func tasks(w Workload, p Prices) Bill {
	b := Bill{Name: "Tasks"}
	each := w.Objects.perBatch()
	b.fargate(p, w, "objects", w.Objects.Task, (1+w.Failing)*w.Objects.Count/each*billed(each*w.Objects.Runtime.Seconds()))
	b.jobs(p, w)
	b.fargate(p, w, "messages", w.Queues.Task, scaledOverhead*w.Queues.work())
	return b
}

func (b *Bill) jobs(p Prices, w Workload) {
	b.fargate(p, w, "jobs", w.Jobs.Task, (1+w.Failing)*w.Jobs.times()*billed(w.Jobs.Runtime.Seconds()))
}

// always is a fleet that runs all month, large enough for so many seconds of work in the given part of the month.
func (b *Bill) always(p Prices, w Workload, what string, size Task, work, part float64) {
	if work == 0 {
		return
	}
	fleet := math.Ceil(w.Peak * work / (part * monthHours * 3600))
	b.fargate(p, w, what, size, fleet*monthHours*3600)
}
