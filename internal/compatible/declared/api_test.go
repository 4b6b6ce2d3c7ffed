package declared_test

import (
	"reflect"
	"testing"

	"slipway/internal/compatible"
	"slipway/internal/compatible/declared"
)

// TestTheAPIAndATemplateSayTheSame: one definition and one service, written in both.
func TestTheAPIAndATemplateSayTheSame(t *testing.T) {
	stack, err := declared.Read([]byte(`
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: Task
      NetworkMode: awsvpc
      Cpu: "1048576"
      Memory: 2048
      EphemeralStorage: {SizeInGiB: 30}
      TaskRoleArn: a
      RuntimePlatform: {CpuArchitecture: ARM64, OperatingSystemFamily: LINUX}
      ContainerDefinitions:
        - {Name: main, Image: nginx, Essential: false, LinuxParameters: {Capabilities: {Add: [SYS_ADMIN]}, MaxSwap: 1}, PortMappings: [{ContainerPort: 80}]}
      Volumes: [{Name: data, Host: {SourcePath: /data}}, {Name: files, EFSVolumeConfiguration: {FilesystemId: fs-1}}]
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: Task
      LaunchType: EC2
      PlacementStrategies: [{Type: random}]
      LoadBalancers: [{TargetGroupArn: arn, ContainerName: main, ContainerPort: 80}]
      NetworkConfiguration: {AwsvpcConfiguration: {AssignPublicIp: ENABLED}}
      DeploymentConfiguration: {MinimumHealthyPercent: 50}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := declared.Definition([]byte(`{"family": "Task", "networkMode": "awsvpc", "cpu": 1048576, "memory": "2048", "ephemeralStorage": {"sizeInGiB": 30},
		"taskRoleArn": "a", "executionRoleArn": "", "ipcMode": null, "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
		"containerDefinitions": [{"name": "main", "image": "nginx", "essential": false, "linuxParameters": {"capabilities": {"add": ["SYS_ADMIN"]}, "maxSwap": 1},
			"portMappings": [{"containerPort": 80}]}],
		"volumes": [{"name": "data", "host": {"sourcePath": "/data"}}, {"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]}`))
	if err != nil || !reflect.DeepEqual(d, stack.Definitions["Task"]) {
		t.Errorf("%v: ECS says\n%+v, and the template\n%+v", err, d, stack.Definitions["Task"])
	}
	uses, err := declared.Uses([]byte(`{"taskDefinition": "Task:1", "launchType": "EC2", "placementStrategy": [{"type": "random"}],
		"loadBalancers": [{"targetGroupArn": "arn", "containerName": "main", "containerPort": 80}],
		"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "ENABLED"}}, "deploymentConfiguration": {"minimumHealthyPercent": 50}}`), d)
	if err != nil || !reflect.DeepEqual(uses, stack.Services[0].Uses) {
		t.Errorf("%v: ECS is asked for\n%+v, and the template wants\n%+v", err, uses, stack.Services[0].Uses)
	}
	both, err := declared.Definition([]byte(`{"requiresCompatibilities": ["FARGATE"], "compatibilities": ["EC2", "FARGATE"]}`))
	if err != nil || !reflect.DeepEqual(both.Compatibilities, []string{"EC2", "FARGATE"}) {
		t.Errorf("%v: it is for %v, want what ECS found", err, both.Compatibilities)
	}
	for _, text := range []string{"", "[]", "{"} {
		if _, err := declared.Definition([]byte(text)); err == nil {
			t.Errorf("%q is read as a definition", text)
		}
		if _, err := declared.Uses([]byte(text), compatible.Definition{}); err == nil {
			t.Errorf("%q is read as a service", text)
		}
	}
}
