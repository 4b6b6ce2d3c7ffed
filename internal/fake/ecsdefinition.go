package fake

import "slices"

// DescribeTaskDefinition resolves a family, family:revision or ARN.
func (e *ECS) DescribeTaskDefinition(name string) (TaskDefinition, error) {
	if f := e.Faulty("DescribeTaskDefinition"); f.Error != nil {
		return TaskDefinition{}, f.Error
	}
	return e.Definition(name)
}

// SetDesired changes the desired count of a service and nothing else, as UpdateService does.
func (e *ECS) SetDesired(cluster, name string, n int) error {
	fault := e.Faulty("UpdateService")
	if fault.Error != nil && !fault.Afterwards {
		return fault.Error
	}
	if _, err := e.clusterProviders(clusterName(cluster)); err != nil {
		return err
	}
	defer e.enter()()
	s, ok := e.services[serviceKey(cluster, name)]
	switch {
	case !ok:
		return refuse("ServiceNotFoundException", "Service not found.")
	case s.leaving:
		return refuse("ServiceNotActiveException", "Service was not ACTIVE.")
	case n < 0:
		return refuse("InvalidParameterException", "desiredCount must not be negative.")
	}
	s.steady = s.steady && s.Desired == n
	s.Desired = n
	if fault.Afterwards {
		return fault.Error
	}
	return nil
}

// Definitions makes a function for ECS.Definition from a list: a family is its newest ACTIVE revision.
func Definitions(list ...TaskDefinition) func(string) (TaskDefinition, error) {
	return func(name string) (TaskDefinition, error) {
		for _, d := range slices.Backward(list) {
			if d.named(name) {
				return d, nil
			}
		}
		return TaskDefinition{}, refuse("ClientException", "Unable to describe task definition.")
	}
}

func (d TaskDefinition) named(name string) bool {
	return name == d.TaskDefinitionArn || clusterName(name) == clusterName(d.TaskDefinitionArn) || name == d.Family && first(d.Status, "ACTIVE") == "ACTIVE"
}
