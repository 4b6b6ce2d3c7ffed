package fake

import "fmt"

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
