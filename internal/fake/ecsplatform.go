package fake

import "slices"

// newestPlatform is what LATEST stands for on Linux.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-fargate.html
const newestPlatform = "1.4.0"

// platforms are the platform versions of Fargate for Linux that still run tasks.
var platforms = []string{"", "LATEST", newestPlatform, "1.3.0"}

// platform is the version that a task on Fargate gets.
func (in RunTaskInput) platform() string {
	if in.PlatformVersion == "LATEST" {
		return newestPlatform
	}
	return first(in.PlatformVersion, newestPlatform)
}

// largeCPU is from how many units on Fargate needs version 1.4.0.
const largeCPU = 8192

func checkPlatform(in RunTaskInput, d TaskDefinition) *ECSError {
	switch {
	case in.PlatformVersion != "" && launchTypeOf(in) != "FARGATE":
		return refuse("InvalidParameterException", "The platform version must be null when specifying an EC2 launch type.")
	case !slices.Contains(platforms, in.PlatformVersion):
		return refuse("PlatformUnknownException", "The specified platform version does not exist.")
	}
	needsNewest := in.Overrides.EphemeralStorage != nil || number(first(in.Overrides.CPU, d.CPU)) >= largeCPU
	if launchTypeOf(in) == "FARGATE" && needsNewest && in.platform() != newestPlatform {
		return refuse("PlatformTaskDefinitionIncompatibilityException", "The specified platform does not satisfy the task definition's required capabilities.")
	}
	return nil
}

func checkExecute(in RunTaskInput, d TaskDefinition) *ECSError {
	if in.EnableExecuteCommand && d.TaskRoleArn == "" {
		return refuse("InvalidParameterException", "The execute command failed because a valid task role is not being used. Specify a valid task role in your task definition or as a task override and try again.")
	}
	return nil
}
