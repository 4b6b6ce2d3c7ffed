package fake

import (
	"fmt"
	"hash/fnv"
)

// Attachment is something attached to a task: of type eni, its network interface.
type Attachment struct {
	ID      string     `json:"id"`
	Type    string     `json:"type"`
	Status  string     `json:"status"` // PRECREATED ATTACHED DELETED
	Details []Variable `json:"details"`
}

// NetworkInterface is a container's share of its task's interface.
type NetworkInterface struct {
	AttachmentID       string `json:"attachmentId"`
	PrivateIPv4Address string `json:"privateIpv4Address"`
}

// attach gives a task its network interface, which comes into being while the task is provisioned.
func (t *Task) attach(subnets []string, serial int) {
	subnet := first(append(subnets, "subnet-0")...)
	t.Attachments = []Attachment{{
		ID: identifier(t.TaskArn, "eni"), Type: "ElasticNetworkInterface", Status: "PRECREATED",
		Details: []Variable{
			{Name: "subnetId", Value: subnet},
			{Name: "networkInterfaceId", Value: fmt.Sprintf("eni-%017x", serial)},
			{Name: "privateIPv4Address", Value: fmt.Sprintf("10.%d.%d.%d", serial>>16&255, serial>>8&255, serial&255)},
		},
	}}
}

// attachments brings all of them to a status; once attached, the containers have the interface.
func (t *Task) attachments(status string) {
	for i := range t.Attachments {
		a := &t.Attachments[i]
		a.Status = status
		if status != "ATTACHED" {
			continue
		}
		for j := range t.Containers {
			t.Containers[j].NetworkInterfaces = []NetworkInterface{{AttachmentID: a.ID, PrivateIPv4Address: a.Details[2].Value}}
		}
	}
}

// zone is the availability zone that a task goes to: that of the first subnet. ECS promises no order; with one
// subnet alone there is no choice.
func (e *ECS) zone(in RunTaskInput) string {
	if in.NetworkConfiguration == nil || len(in.NetworkConfiguration.Awsvpc.Subnets) == 0 {
		return e.Region + "a"
	}
	return e.ZoneOf(in.NetworkConfiguration.Awsvpc.Subnets[0])
}

// ZoneOf is the availability zone of a subnet, the same each time: as Zones says, or one of three by its name.
func (e *ECS) ZoneOf(subnet string) string {
	if zone, ok := e.Zones[subnet]; ok {
		return zone
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(subnet)) // never fails
	return e.Region + string("abc"[h.Sum32()%3])
}
