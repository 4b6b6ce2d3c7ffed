package compatible

import (
	"fmt"
	"slices"
	"strings"
)

// containerRules: what containers and volumes may have where.
func containerRules() []Rule { //nolint:gocyclo // a table: each rule is a function of its own
	return []Rule{
		{"container-named", "The container that a job names is in the definition.", aws + "APIReference/API_ContainerOverride.html", AtContainer, func(u Use) (string, string) {
			var names, essential []string
			for _, c := range u.Containers {
				names = append(names, c.Name)
				if !c.Optional {
					essential = append(essential, c.Name)
				}
			}
			switch {
			case len(names) == 0 || u.Container != "" && slices.Contains(names, u.Container):
			case u.Container != "":
				return fmt.Sprintf("%s has no container %s", u.Name, u.Container), "write one of " + strings.Join(names, ", ")
			case len(names) > 1 && len(essential) != 1 && u.Service == nil:
				return fmt.Sprintf("%s has %d containers, and the job does not say which one matters", u.Name, len(names)), "set container to one of " + strings.Join(names, ", ")
			}
			return none()
		}},
		{"essential", "At least one container is essential.", aws + "APIReference/API_ContainerDefinition.html", AtDefinition, func(u Use) (string, string) {
			if len(u.Containers) == 0 || slices.ContainsFunc(u.Containers, func(c Container) bool { return !c.Optional }) {
				return none()
			}
			return "no container of " + u.Name + " is essential", "leave out Essential, or set it to true, for the one whose end is the task's"
		}},
		{"container-names", "Containers of a task have different names.", aws + "APIReference/API_ContainerDefinition.html", AtDefinition, func(u Use) (string, string) {
			seen := map[string]bool{}
			for _, name := range u.ContainerNames() {
				if name != "" && seen[name] {
					return fmt.Sprintf("%s has two containers named %s", u.Name, name), "give each a name of its own"
				}
				seen[name] = true
			}
			return none()
		}},
		{"container-count", "A task has ten containers at most.", aws + "developerguide/service-quotas.html", AtDefinition, func(u Use) (string, string) {
			if len(u.Containers) <= maxContainers {
				return none()
			}
			return fmt.Sprintf("%s has %d containers, and a task has %d at most", u.Name, len(u.Containers), maxContainers), "make two tasks of it"
		}},
	}
}

// maxContainers is how many containers a task may have.
const maxContainers = 10

// instance is what to do with what only instances have.
const instance = "run it on EC2, or remove it"

// onFargate looks for containers that Fargate does not take.
func onFargate(bad func(Container) bool, what, remedy string) func(Use) (string, string) {
	return func(u Use) (string, string) {
		if !u.onFargate() {
			return none()
		}
		return each(u, bad, what, remedy)
	}
}

// fargateRules: what containers and volumes do not have on Fargate.
func fargateRules() []Rule { //nolint:gocyclo // a table: each rule is a function of its own
	return []Rule{
		{"fargate-docker", "Fargate takes neither security options of Docker nor containers without a network.", fargate, AtDefinition, onFargate(func(c Container) bool { return c.Restricted }, "sets DockerSecurityOptions or DisableNetworking, which Fargate does not take", instance)},
		{"fargate-privileged", "Fargate has no privileged containers.", fargate, AtDefinition, onFargate(func(c Container) bool { return c.Privileged }, "is privileged, which Fargate does not allow", instance)},
		{"fargate-gpu", "Fargate has no GPUs.", fargate, AtDefinition, onFargate(func(c Container) bool { return c.GPU }, "asks for a GPU, and Fargate has none", "run it on EC2 with Hardware=gpu")},
		{"fargate-hosts", "Fargate sets neither hosts nor name servers.", fargate, AtDefinition, onFargate(func(c Container) bool { return c.ExtraHosts || c.DNS }, "sets extra hosts or name servers, which Fargate does not take", instance)},
		{"fargate-devices", "Fargate gives containers no devices of a host.", fargate, AtDefinition, onFargate(func(c Container) bool { return c.Devices }, "asks for devices, which Fargate does not have", instance)},
		{"fargate-logs", "Fargate has the log drivers awslogs, splunk and awsfirelens.", fargate, AtDefinition, onFargate(func(c Container) bool {
			return c.LogDriver != "" && !slices.Contains([]string{"awslogs", "splunk", "awsfirelens"}, c.LogDriver)
		}, "has a log driver that Fargate does not have", "write awslogs, splunk or awsfirelens")},
		{"fargate-volumes", "Fargate mounts EFS, EBS and its own storage, nothing of a host.", fargate, AtDefinition, func(u Use) (string, string) {
			i := slices.IndexFunc(u.Volumes, func(v Volume) bool { return v.Host || v.Docker })
			if !u.onFargate() || i < 0 {
				return none()
			}
			return fmt.Sprintf("volume %s of %s is of the host, and on Fargate there is none", u.Volumes[i].Name, u.Name), "use EFS, or a volume without a source path"
		}},
		{"fargate-namespaces", "Fargate shares no namespaces with a host.", fargate, AtDefinition, func(u Use) (string, string) {
			if !u.onFargate() || u.IpcMode == "" && u.PidMode != "host" {
				return none()
			}
			return u.Name + " sets IpcMode, or PidMode to host, which Fargate does not take", "remove them; PidMode task is possible"
		}},
		{"execution-role", "On Fargate ECS needs a role for logs, secrets and images of ECR.", aws + "developerguide/task_execution_IAM_role.html", AtDefinition, func(u Use) (string, string) {
			if !u.onFargate() || !u.Known || u.ExecutionRole {
				return none()
			}
			return each(u, func(c Container) bool {
				return c.Secrets || c.LogDriver == "awslogs" || strings.Contains(c.Image, ".dkr.ecr.")
			}, "has logs, secrets or an image of ECR, and the definition no execution role", "set ExecutionRoleArn")
		}},
	}
}

// linuxRules: what the kernel and the engine of Fargate give a container.
func linuxRules() []Rule {
	return []Rule{
		{"fargate-capabilities", "Of the kernel's capabilities Fargate adds SYS_PTRACE alone.", fargate, AtDefinition, onFargate(func(c Container) bool {
			return slices.ContainsFunc(c.Capabilities, func(name string) bool { return name != "SYS_PTRACE" && name != "CAP_SYS_PTRACE" })
		}, "adds capabilities of the kernel that Fargate does not give", instance)},
		{"fargate-memory", "Fargate sets neither swap nor shared memory.", aws + "APIReference/API_LinuxParameters.html", AtDefinition, onFargate(func(c Container) bool {
			return c.Swap || c.SharedMemory
		}, "sets swap or shared memory, which Fargate does not take", instance)},
		{"fargate-stop", "Fargate waits for two minutes at most when it stops a container.", aws + "APIReference/API_ContainerDefinition.html", AtDefinition, onFargate(func(c Container) bool {
			return c.StopTimeout > 120
		}, "has a StopTimeout of more than 120 seconds, which is Fargate's longest", "write 120 or less")},
	}
}

// managedRules: what Managed Instances leave out.
func managedRules() []Rule {
	return []Rule{
		{"managed-parameters", "Managed Instances set neither hosts, name servers, swap nor shared memory.", managedTasks, AtDefinition, func(u Use) (string, string) {
			if u.Provider != Managed {
				return none()
			}
			return each(u, func(c Container) bool { return c.ExtraHosts || c.DNS || c.Swap || c.SharedMemory },
				"sets extra hosts, name servers, swap or shared memory, which Managed Instances do not take", instance)
		}},
		{"managed-volumes", "Managed Instances mount no path of the instance, and no volume of Docker.", managedTasks, AtDefinition, func(u Use) (string, string) {
			i := slices.IndexFunc(u.Volumes, func(v Volume) bool { return v.Host || v.Docker })
			if u.Provider != Managed || i < 0 {
				return none()
			}
			return fmt.Sprintf("volume %s of %s is of the instance, which Managed Instances do not mount", u.Volumes[i].Name, u.Name), "use EFS, or run it on an Auto Scaling group"
		}},
	}
}

// externalRules: what works on machines of one's own.
func externalRules() []Rule {
	return []Rule{
		{"external-volumes", "External instances mount no EFS.", external, AtDefinition, func(u Use) (string, string) {
			i := slices.IndexFunc(u.Volumes, func(v Volume) bool { return v.EFS })
			if u.Step != "EXTERNAL" || i < 0 {
				return none()
			}
			return fmt.Sprintf("volume %s of %s is of EFS, which EXTERNAL does not mount", u.Volumes[i].Name, u.Name), "mount it on the machine, and give the volume its path"
		}},
	}
}
