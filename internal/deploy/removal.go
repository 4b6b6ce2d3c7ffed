package deploy

import "slices"

// Removed says what goes with a stack and what stays.
type Removed struct {
	Stack        string   `json:"stack"`
	Resources    int      `json:"resources"`
	Buckets      []string `json:"buckets"`
	Repositories []string `json:"repositories"`
	Tables       []string `json:"tables"`
	Kept         []string `json:"kept"` // tables that stay
}

// Resource is a resource of a stack.
type Resource struct{ LogicalID, Type, PhysicalID string }

// Removal decides what goes with the resources of a stack and of that of its images. A bucket or a table goes only when
// the stack made it: those of others are not among its resources.
func Removal(stack string, resources, images []Resource, all bool) Removed {
	r := Removed{Stack: stack, Buckets: []string{}, Repositories: []string{}, Tables: []string{}, Kept: []string{}}
	for _, x := range resources {
		switch {
		case x.Type == "AWS::S3::Bucket":
			r.Buckets = append(r.Buckets, x.PhysicalID)
		case x.Type == "AWS::DynamoDB::Table" && all:
			r.Tables = append(r.Tables, x.PhysicalID)
		case x.Type == "AWS::DynamoDB::Table":
			r.Kept = append(r.Kept, x.PhysicalID)
		default:
			r.Resources++
		}
	}
	for _, x := range images {
		if x.Type == "AWS::ECR::Repository" {
			r.Repositories = append(r.Repositories, x.PhysicalID)
		}
	}
	for _, names := range [][]string{r.Buckets, r.Repositories, r.Tables, r.Kept} {
		slices.Sort(names)
	}
	return r
}
