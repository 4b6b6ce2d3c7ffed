package templates_test

import (
	"slices"
	"strings"
	"testing"

	"slipway/internal/template"
)

func TestAnywhere(t *testing.T) {
	rules{
		file: "anywhere.yaml",
		cases: []map[string]string{
			{"ClusterName": "main"},
			{"ClusterName": "main", "Machines": "7", "Image": "123456789012.dkr.ecr.eu-north-1.amazonaws.com/team/report@sha256:0"},
			{"ClusterName": "main", "Image": "public.ecr.aws/docker/library/busybox:stable"},
		},
		checks: map[string]check{
			"the commands name the role, the cluster and the region":             commandsFit,
			"the task is for machines of one's own":                              taskIsExternal,
			"the task has roles of its own and a log":                            taskIsComplete,
			"the agents may do their work and nothing more":                      machineMay,
			"an image of ECR can be pulled, and no other repository":             imageIsPulled,
			"rights name their resources, in this cluster where they are of ECS": rightsAreNarrow,
			"roles are assumed by the service that they are for, and no other": trusts(map[string]string{
				"MachineRole": "ssm.amazonaws.com", "TaskRole": "ecs-tasks.amazonaws.com", "ExecutionRole": "ecs-tasks.amazonaws.com",
			}),
		},
		breaks: []change{
			{"the commands name the role, the cluster and the region", "--iam-role ${MachineRole}", "--iam-role MachineRole"},
			{"the commands name the role, the cluster and the region", "--registration-limit ${Machines}", "--registration-limit 1"},
			{"the commands name the role, the cluster and the region", "--cluster ${ClusterName}", "--cluster default"},
			{"the commands name the role, the cluster and the region", `--activation-id "$ACTIVATION_ID"`, `--activation-ID "$ACTIVATION_ID"`},
			{"the task is for machines of one's own", "RequiresCompatibilities: [EXTERNAL]", "RequiresCompatibilities: [EC2]"},
			{"the task is for machines of one's own", "NetworkMode: bridge", "NetworkMode: awsvpc"},
			{"the task has roles of its own and a log", "TaskRoleArn: !GetAtt TaskRole.Arn", "TaskRoleArn: !GetAtt ExecutionRole.Arn"},
			{"the task has roles of its own and a log", "awslogs-group: !Ref Logs", "awslogs-group: mine"},
			{"the task has roles of its own and a log", "[!GetAtt TaskRole.Arn, !GetAtt ExecutionRole.Arn]", "[!GetAtt TaskRole.Arn]"},
			{"the agents may do their work and nothing more", "[ecs:Poll, ecs:StartTelemetrySession]", "[ecs:Poll]"},
			{"the agents may do their work and nothing more", "policy/AmazonSSMManagedInstanceCore", "policy/AdministratorAccess"},
			{"an image of ECR can be pulled, and no other repository", "repository/${Repository}", "repository/*"},
			{"an image of ECR can be pulled, and no other repository", "ecr:GetDownloadUrlForLayer]", "ecr:PutImage]"},
			{"rights name their resources, in this cluster where they are of ECS", "container-instance/${ClusterName}/*", "container-instance/*"},
			{"roles are assumed by the service that they are for, and no other", `            Condition:
              StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}
`, "            Condition:\n"},
			{"roles are assumed by the service that they are for, and no other", "Principal: {Service: ssm.amazonaws.com}", "Principal: {Service: ec2.amazonaws.com}"},
		},
	}.run(t)
}

// options are the words after the options of a command.
func options(command string) map[string]string {
	words, out := strings.Fields(command), map[string]string{}
	for i, w := range words[:max(0, len(words)-1)] {
		if strings.HasPrefix(w, "--") {
			out[w] = strings.Trim(words[i+1], `"`)
		}
	}
	return out
}

// commandsFit holds the outputs to what the commands take.
// https://docs.aws.amazon.com/cli/latest/reference/ssm/create-activation.html
// https://github.com/aws/amazon-ecs-agent/blob/master/scripts/ecs-anywhere-install.sh
func commandsFit(s template.Stack, parameters map[string]string, p *problems) {
	activation, register := options(s.Outputs["CreateActivation"]), options(s.Outputs["Register"])
	for _, tc := range []struct {
		have       map[string]string
		name, want string
	}{
		{activation, "--iam-role", "${MachineRole}"},
		{activation, "--region", template.Example().Region},
		{activation, "--registration-limit", given(parameters, "Machines", "1")},
		{register, "--region", template.Example().Region},
		{register, "--cluster", parameters["ClusterName"]},
		{register, "--activation-id", "$ACTIVATION_ID"},
		{register, "--activation-code", "$ACTIVATION_CODE"},
	} {
		if tc.have[tc.name] != tc.want {
			p.add("%s is %q, want %q", tc.name, tc.have[tc.name], tc.want)
		}
	}
}

// taskOf is the task definition, which is there only when an image is given.
func taskOf(s template.Stack, parameters map[string]string, p *problems) (template.Resource, bool) {
	all := s.Of("AWS::ECS::TaskDefinition")
	if want := parameters["Image"] != ""; (len(all) == 1) != want {
		p.add("there are %d task definitions", len(all))
		return template.Resource{}, false
	}
	if len(all) == 0 {
		return template.Resource{}, false
	}
	return all[0], true
}

// taskIsExternal: External instances know neither awsvpc nor sizes of Fargate.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-anywhere.html
func taskIsExternal(s template.Stack, parameters map[string]string, p *problems) {
	task, ok := taskOf(s, parameters, p)
	if !ok {
		return
	}
	if !slices.Equal(task.Texts("RequiresCompatibilities"), []string{"EXTERNAL"}) || !slices.Contains([]string{"bridge", "host", "none"}, task.Text("NetworkMode")) {
		p.add("the task is for %v in mode %s", task.Texts("RequiresCompatibilities"), task.Text("NetworkMode"))
	}
	if s.Outputs["TaskDefinition"] != ref(task) {
		p.add("the output names %s", s.Outputs["TaskDefinition"])
	}
}

func taskIsComplete(s template.Stack, parameters map[string]string, p *problems) {
	task, ok := taskOf(s, parameters, p)
	if !ok {
		return
	}
	roles := []string{task.Text("TaskRoleArn"), task.Text("ExecutionRoleArn")}
	if !slices.Equal(roles, []string{"${TaskRole.Arn}", "${ExecutionRole.Arn}"}) || s.Outputs["RoleArns"] != strings.Join(roles, ",") {
		p.add("the task has the roles %v, and the output says %s", roles, s.Outputs["RoleArns"])
	}
	for _, c := range template.List(task.Get("ContainerDefinitions")) {
		group, _ := s.Named(template.At(c, "LogConfiguration", "Options", "awslogs-group"))
		if group.Type != "AWS::Logs::LogGroup" || group.Get("RetentionInDays") == nil {
			p.add("the container logs to %q", group.Type)
		}
		if len(actions(s.Resources["ExecutionRole"])["logs:PutLogEvents"]) == 0 {
			p.add("the log may not be written")
		}
	}
}

func machineMay(s template.Stack, _ map[string]string, p *problems) {
	role := s.Resources["MachineRole"]
	may(role, p, agentActions...)
	if got := role.Texts("ManagedPolicyArns"); !slices.Equal(got, []string{"arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}) {
		p.add("the machine has the managed policies %v", got)
	}
}

func imageIsPulled(s template.Stack, parameters map[string]string, p *problems) {
	if _, ok := taskOf(s, parameters, p); !ok {
		return
	}
	repository := "arn:aws:ecr:eu-north-1:123456789012:repository/"
	if strings.Contains(parameters["Image"], ".dkr.ecr.") {
		repository += "team/report"
	}
	for _, action := range []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"} {
		if got := actions(s.Resources["ExecutionRole"])[action]; !slices.Equal(got, []string{repository}) {
			p.add("%s is allowed on %v, want %s", action, got, repository)
		}
	}
}
