package roles

import (
	"fmt"
	"maps"
	"slices"

	"slipway/internal/template"
)

// Kind is what a role is for, by who assumes it and who has it.
type Kind string

// The kinds.
const (
	Function       Kind = "Function role"
	Scheduler      Kind = "Scheduler role"
	Task           Kind = "Task role"
	Execution      Kind = "Execution role"
	Instance       Kind = "Instance role"
	Infrastructure Kind = "Infrastructure role"
	Anywhere       Kind = "Anywhere role"
)

// kinds are all of them, in the order of the page.
var kinds = []Kind{Function, Scheduler, Task, Execution, Instance, Infrastructure, Anywhere}

// about is what the page says of a kind: in a sentence, and the page of AWS that tells the rest.
var about = map[Kind]struct{ says, page string }{
	Function: {
		"The rights of a Lambda function's own code. Lambda assumes it for each instance of the function.",
		"https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
	},
	Scheduler: {
		"EventBridge Scheduler assumes it to invoke a function each minute.",
		"https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html",
	},
	Task: {
		"The rights of the code in the containers. ECS hands its credentials to every container of the task, and to nobody else.",
		"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html",
	},
	Execution: {
		"The rights of ECS itself to start the task: pull its image, write its logs, read its secrets. Containers do not get it.",
		"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
	},
	Instance: {
		"The rights of the ECS agent on an EC2 instance. Tasks must not reach it; their own role is the task role.",
		"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html",
	},
	Infrastructure: {
		"ECS assumes it to start, tag and end the instances of Managed Instances.",
		"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/infrastructure_IAM_role.html",
	},
	Anywhere: {
		"The rights of the SSM agent and the ECS agent on a machine outside AWS. Systems Manager assumes it once the machine is activated.",
		"https://docs.aws.amazon.com/AmazonECS/latest/developerguide/iam-role-ecsanywhere.html",
	},
}

// kindOf is the kind of a role, and the resources that have it. Empty when nothing is known of the service.
func kindOf(f File, id, service string) (Kind, []string) {
	switch service {
	case "lambda.amazonaws.com":
		return Function, havers(f, id, "AWS::Serverless::Function", "Role")
	case "scheduler.amazonaws.com":
		return Scheduler, nil
	case "ec2.amazonaws.com":
		return Instance, havers(f, id, "AWS::IAM::InstanceProfile", "Roles")
	case "ecs.amazonaws.com":
		return Infrastructure, havers(f, id, "AWS::ECS::CapacityProvider", "ManagedInstancesProvider", "InfrastructureRoleArn")
	case "ssm.amazonaws.com":
		return Anywhere, nil
	case "ecs-tasks.amazonaws.com":
		if definitions := havers(f, id, "AWS::ECS::TaskDefinition", "ExecutionRoleArn"); len(definitions) > 0 {
			return Execution, definitions
		}
		return Task, havers(f, id, "AWS::ECS::TaskDefinition", "TaskRoleArn")
	}
	return "", nil
}

// havers are the resources of a type that have the role in a property.
func havers(f File, role, kind string, property ...string) []string {
	resources := f.Template.Section("Resources")
	var out []string
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		if fmt.Sprint(template.At(resources[id], "Type")) != kind {
			continue
		}
		if slices.Contains(references(template.At(template.At(resources[id], "Properties"), property...)), role) {
			out = append(out, id)
		}
	}
	return out
}
