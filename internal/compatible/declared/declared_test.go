package declared_test

import (
	"os"
	"path/filepath"
	"testing"

	"slipway/internal/compatible"
	"slipway/internal/compatible/declared"
)

// TestOurOwnTemplatesAreAccepted reads every template of the project: the definitions that it declares run where its
// services, or Fargate, want them.
func TestOurOwnTemplatesAreAccepted(t *testing.T) {
	files, err := filepath.Glob("../../../templates/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	definitions, services := 0, 0
	for _, file := range append(files, "../../../template.yaml") {
		text, err := os.ReadFile(file) //nolint:gosec // our own
		if err != nil {
			t.Fatal(err)
		}
		s, err := declared.Read(text, nil)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for name, d := range s.Definitions {
			definitions++
			step := "FARGATE"
			if len(d.Compatibilities) > 0 {
				step = d.Compatibilities[0]
			}
			if got := compatible.Examine(compatible.Use{Definition: d, Step: step}); len(got) > 0 {
				t.Errorf("%s: %s on %s: %v", file, name, step, got)
			}
		}
		for _, service := range s.Services {
			services++
			for _, u := range service.Uses {
				if got := compatible.Examine(u); len(got) > 0 {
					t.Errorf("%s: %s: %v", file, service.ID, got)
				}
			}
		}
	}
	if definitions < 4 || services < 2 {
		t.Errorf("read %d definitions and %d services: that cannot be all", definitions, services)
	}
}

func TestRead(t *testing.T) {
	s, err := declared.Read([]byte(`
Parameters:
  Size: {Type: String}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: worker
      NetworkMode: awsvpc
      Cpu: 1 vCPU
      Memory: 2GB
      TaskRoleArn: !Ref Size
      RuntimePlatform: {CpuArchitecture: ARM64}
      ContainerDefinitions:
        - {Name: main, Image: nginx, ResourceRequirements: [{Type: GPU, Value: "1"}], PortMappings: [{ContainerPort: 80, HostPort: 8080}]}
      Volumes: [{Name: data, Host: {SourcePath: /data}}, {Name: files, EFSVolumeConfiguration: {FilesystemId: fs-1}}]
  Open:
    Type: AWS::ECS::TaskDefinition
    Properties: {Cpu: !Ref Size, NetworkMode: !Ref Size}
  Mine:
    Type: AWS::ECS::CapacityProvider
    Properties: {Name: mine, AutoScalingGroupProvider: {}}
  Theirs:
    Type: AWS::ECS::CapacityProvider
    Properties: {ManagedInstancesProvider: {}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      CapacityProviderStrategy: [{CapacityProvider: FARGATE}, {CapacityProvider: !Ref Theirs}]
      DeploymentConfiguration: {MinimumHealthyPercent: 50, MaximumPercent: 150}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	d := s.Definitions["worker"]
	c := d.Containers[0]
	if !d.Known || d.CPU != 1024 || d.Memory != 2048 || d.Architecture != "ARM64" || !d.TaskRole || d.ExecutionRole || !c.GPU || c.Ports[0] != (compatible.Port{Container: 80, Host: 8080}) ||
		!d.Volumes[0].Host || !d.Volumes[1].EFS {
		t.Errorf("definition = %+v", d)
	}
	if open := s.Definitions["Open"]; open.Known || open.CPU != 0 || open.NetworkMode != "" {
		t.Errorf("what a parameter leaves open is %+v", open)
	}
	if s.Providers["mine"] != compatible.Instances || s.Providers["Theirs"] != compatible.Managed {
		t.Errorf("providers = %v", s.Providers)
	}
	uses := s.Services[0].Uses
	if len(uses) != 2 || uses[1].Step != "Theirs" || uses[1].Provider != compatible.Managed || uses[0].Service.Minimum != 50 {
		t.Errorf("uses = %+v", uses)
	}
	if _, err := declared.Read([]byte("a: ["), nil); err == nil {
		t.Error("a template that is no YAML is read")
	}
}
