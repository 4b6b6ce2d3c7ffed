package wiring

import "go.yaml.in/yaml/v3"

// Parameter is one parameter of the template. The root gives every one, whether slipway.yaml needs it or not.
type Parameter struct {
	Name, Type, Doc string
}

// Parameters are always the same, so that no edit of slipway.yaml is an edit of the root template.
func Parameters() []Parameter {
	return []Parameter{
		{"StackName", "String", "Name of the root stack."},
		{"LaunchQueueArn", "String", "Queue that the events of objects go to."},
		{"LaunchQueueUrl", "String", "The same, by URL."},
		{"LaunchDeadLetterQueueArn", "String", "Its dead-letter queue."},
		{"LaunchDeadLetterQueueUrl", "String", "The same, by URL."},
		{"LifecycleQueueArn", "String", "Queue that the events of ECS go to."},
		{"LifecycleQueueUrl", "String", "The same, by URL."},
		{"LifecycleDeadLetterQueueArn", "String", "Its dead-letter queue."},
		{"LifecycleDeadLetterQueueUrl", "String", "The same, by URL."},
		{"ClusterName", "String", "Name of the ECS cluster."},
		{"BatchBucket", "String", "Name of the bucket for the lists of batches and the reports about them."},
		{"UploadsBucket", "String", "Name of the example uploads bucket; empty without the examples."},
		{"ResultsBucket", "String", "Name of the example results bucket; empty without the examples."},
		{"ObjectProcessorTask", "String", "Task definition of the example object processor, with its revision; empty without the examples."},
		{"ObjectProcessorRoleArns", "CommaDelimitedList", "Its task role and execution role."},
		{"HourlyBatchTask", "String", "Task definition of the example report, with its revision; empty without the examples."},
		{"HourlyBatchRoleArns", "CommaDelimitedList", "Its task role and execution role."},
		{"QueueWorkerTask", "String", "Task definition of the example queue worker, with its revision; empty without the examples."},
		{"QueueWorkerRoleArns", "CommaDelimitedList", "Its task role and execution role."},
		{"ObjectProcessorLogs", "String", "Log group of the example object processor; empty without the examples."},
		{"HourlyBatchLogs", "String", "Log group of the example hourly report; empty without the examples."},
		{"QueueWorkerLogs", "String", "Log group of the example queue worker; empty without the examples."},
		{"WorkQueueArn", "String", "The example work queue; empty without the examples."},
		{"WorkQueueUrl", "String", "The same, by URL."},
		{"WorkerService", "String", "Name of the example service; empty without the examples."},
	}
}

func parameters() *yaml.Node {
	var pairs []pair
	for _, p := range Parameters() {
		pairs = append(pairs, pair{p.Name, mapping(pair{key: "Type", value: plain(p.Type)}, pair{key: "Description", value: plain(p.Doc)}), ""})
	}
	return mapping(pairs...)
}

// roles is the parameter with the roles of a task definition of the template.
func roles(definition string) string {
	return map[string]string{
		"ObjectProcessorTask": "ObjectProcessorRoleArns", "HourlyBatchTask": "HourlyBatchRoleArns", "QueueWorkerTask": "QueueWorkerRoleArns",
	}[definition]
}
