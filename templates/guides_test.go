package templates_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"slipway/internal/cost"
	"slipway/internal/emulator"
	"slipway/internal/template"
)

// guides are the pages of this folder's stacks, each with what its commands must print.
var guides = map[string][]string{
	"network": {"slipway-network", `"OutputKey": "PrivateSubnets"`, "PublicIp=DISABLED", "Subnets=subnet-", "SecurityGroups=sg-"},
	"fargate": {`"capacityProvider": "FARGATE_SPOT"`, `"capacityProvider": "FARGATE"`, `"platformVersion": "1.4.0"`, `"sizeInGiB": 100`},
	"ec2": {
		`"capacityProvider": "slipway-ec2"`, `"assignPublicIp": "DISABLED"`, `"type": "binpack"`, `"capacityProvider": "FARGATE"`, `"assignPublicIp": "ENABLED"`,
	},
	"managed-instances": {`"capacityProvider": "slipway-managed"`},
	"services":          {"Done after"},
	"rolling-updates":   {"Done after 4m30s", "Done after 2m40s", `"stuck": false`},
	"anywhere":          {"slipway-anywhere", `"OutputKey": "RoleArns"`, `"launchType": "EXTERNAL"`, `"expression": "attribute:rack == cellar"`},
	"tasks-and-services": {
		`"OutputKey": "TaskDefinition"`, "06:00", `"cpu": "4096"`, `"memory": "16384"`, `"sizeInGiB": 200`, `"capacityProvider": "FARGATE"`,
	},
	"capacity": {`"launchType": "EC2"`, `"capacityProvider": "FARGATE_SPOT"`, `"sizeInGiB": 50`, `"field": "attribute:ecs.availability-zone"`},
}

// block is a fenced block of a page.
type block struct{ language, info, body string }

// runs reports whether a block is run here: all of the shell, except what needs AWS.
func (b block) runs() bool { return b.language == "sh" && b.info == "" }

// named is the first line of a block that is a file.
var named = regexp.MustCompile(`^# ([\w-]+\.yaml)\n`)

var fence = regexp.MustCompile("(?ms)^```(\\w+)( [^\n]*)?\n(.*?)^```$")

func blocks(t testing.TB, page string) []block {
	t.Helper()
	var all []block
	for _, m := range fence.FindAllStringSubmatch(text(t, "../docs/guide/"+page+".md"), -1) {
		b := block{m[1], strings.TrimSpace(m[2]), m[3]}
		if b.language == "sh" && b.info != "" && b.info != "needs-aws" {
			t.Errorf("%s: a block of the shell is marked %q: needs-aws is the only mark", page, b.info)
		}
		all = append(all, b)
	}
	return all
}

// TestCommandsOfTheGuides runs each page from top to bottom, with the slipway.yaml of the page and the emulator as AWS.
func TestCommandsOfTheGuides(t *testing.T) {
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "slipway"), "./cmd/slipway") //nolint:gosec // our own program
	build.Dir = emulator.Root()
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for page, want := range guides {
		t.Run(page, func(t *testing.T) {
			if _, err := exec.LookPath("jq"); err != nil && page == "network" {
				t.Skip("NOT TESTED: jq is not installed, so the commands of the page were not run")
			}
			var script strings.Builder
			folder := t.TempDir()
			for _, b := range blocks(t, page) {
				switch {
				case b.runs():
					script.WriteString(b.body)
				default:
					if m := named.FindStringSubmatch(b.body); m != nil {
						write(t, filepath.Join(folder, m[1]), b.body)
					}
				}
			}
			out := shell(t, folder, bin, script.String())
			for _, w := range want {
				if !strings.Contains(out, w) {
					t.Errorf("the commands of the page do not print %q: %s", w, out)
				}
			}
		})
	}
}

func write(t testing.TB, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// shell runs a script in a folder that has the templates of the project, and returns what it prints.
func shell(t testing.TB, folder, bin, script string) string {
	t.Helper()
	for _, name := range []string{"template.yaml", "wiring.yaml", "templates"} {
		if err := os.Symlink(filepath.Join(emulator.Root(), name), filepath.Join(folder, name)); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script) //nolint:gosec // a page of the project
	cmd.Dir, cmd.Env = folder, environment(t, bin)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, errors.Bytes())
	}
	return string(out)
}

// environment is that of a person whose AWS is the emulator, with their SAM CLI or the pinned one.
func environment(t testing.TB, bin string) []string {
	t.Helper()
	aws := emulator.Environment(t)
	env := []string{
		"PATH=" + bin + ":" + os.Getenv("PATH") + ":" + filepath.Join(emulator.Root(), ".tools", "sam", "bin"),
		"HOME=" + t.TempDir(), "SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION=" + aws("AWS_REGION"),
	}
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"} {
		env = append(env, name+"="+aws(name))
	}
	return env
}

var (
	joined    = strings.NewReplacer("\\\n", " ")
	deployed  = regexp.MustCompile(`(?m)^sam deploy -t (\S+) (.*)$`)
	overrides = regexp.MustCompile(`(\w+)=(\S+)`)
)

// TestCommandsThatNeedAWS holds what is not run to what can be known: it is a script that a shell reads, and each stack
// takes the parameters that it is given.
func TestCommandsThatNeedAWS(t *testing.T) {
	for page := range guides {
		for _, b := range blocks(t, page) {
			if b.language != "sh" {
				continue
			}
			if out, err := exec.CommandContext(t.Context(), "bash", "-n", "-c", b.body).CombinedOutput(); err != nil { //nolint:gosec // a page of the project
				t.Errorf("%s: %s", page, out)
			}
			for _, m := range deployed.FindAllStringSubmatch(joined.Replace(b.body), -1) {
				parameters := map[string]string{}
				for _, o := range overrides.FindAllStringSubmatch(m[2], -1) {
					parameters[o[1]] = o[2]
				}
				parsed := parse(t, text(t, filepath.Join("..", m[1])))
				if _, err := parsed.Expand(template.Example(), parameters); err != nil {
					t.Errorf("%s: %s: %v", page, m[0], err)
				}
				if roles := parsed.Section("Resources"); hasRoles(roles) != strings.Contains(m[2], "CAPABILITY_IAM") {
					t.Errorf("%s: %s: CloudFormation wants --capabilities CAPABILITY_IAM for roles, and only for them", page, m[0])
				}
			}
		}
	}
}

func hasRoles(resources template.Object) bool {
	for _, r := range resources {
		if template.At(r, "Type") == "AWS::IAM::Role" {
			return true
		}
	}
	return false
}

// TestTheWholeStackOfTheGuide reads the stack that nests all others: its parameters and outputs are there, and it has an
// order.
func TestTheWholeStackOfTheGuide(t *testing.T) {
	var whole template.Template
	for _, b := range blocks(t, "capacity") {
		if strings.HasPrefix(b.body, "# whole.yaml\n") {
			whole = parse(t, b.body)
		}
	}
	s, err := whole.Expand(template.Example(), nil)
	if err != nil {
		t.Fatal(err)
	}
	children := map[string]template.Template{}
	for _, app := range s.Of("AWS::Serverless::Application") {
		children[app.ID] = parse(t, text(t, filepath.Join("..", app.Text("Location"))))
	}
	if len(children) != 4 {
		t.Fatalf("it nests %v, want four stacks", slices.Sorted(maps.Keys(children)))
	}
	for id, child := range children {
		parameters := map[string]string{}
		of, _ := s.Resources[id].Get("Parameters").(template.Object)
		for name, value := range of {
			parameters[name] = fmt.Sprint(value)
			for _, m := range outputs.FindAllStringSubmatch(fmt.Sprint(value), -1) {
				if children[m[1]].Section("Outputs")[m[2]] == nil {
					t.Errorf("%s takes %s, which is no output", id, m[0])
				}
			}
		}
		if p, ok := parameters["PublicIp"]; ok && strings.HasPrefix(p, "${") {
			parameters["PublicIp"] = "DISABLED"
		}
		if _, err := child.Expand(template.Example(), parameters); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	for id := range s.Resources {
		if slices.Contains(needs(s, id, nil), id) {
			t.Errorf("%s needs itself", id)
		}
	}
}

var (
	outputs    = regexp.MustCompile(`\$\{(\w+)\.Outputs\.(\w+)\}`)
	references = regexp.MustCompile(`\$\{(\w+)`)
)

// needs are the resources that must be there before one of them.
func needs(s template.Stack, id string, seen []string) []string {
	r := s.Resources[id]
	next := slices.Clone(r.DependsOn)
	for _, m := range references.FindAllStringSubmatch(fmt.Sprint(r.Properties), -1) {
		next = append(next, m[1])
	}
	for _, n := range next {
		if !slices.Contains(seen, n) {
			seen = needs(s, n, append(seen, n))
		}
	}
	return seen
}

// TestPricesOfTheGuides computes what the pages say from the prices that they quote.
func TestPricesOfTheGuides(t *testing.T) {
	const month, gateway, endpoint = 730.0, 0.045, 0.01
	const c7g, c6a, fee = 0.145, 0.306, 0.037 // an hour of a c7g.xlarge, of a c6a.2xlarge, and for managing that
	prices := cost.Published()
	address := prices.Of(cost.PublicAddresses)
	arm := func(vcpus, gb float64) float64 { return prices.FargateHour(vcpus, gb, false) }
	x86 := func(vcpus, gb float64) float64 { return prices.FargateHour(vcpus, gb, true) }
	dollars := func(n float64) string { return fmt.Sprintf("$%.2f", n) }
	row := func(hourly func(zones float64) float64) string {
		return dollars(month*hourly(2)) + " | " + dollars(month*hourly(3)) + " |"
	}
	added := func(n float64) string {
		return "+ " + dollars(month*n*2*endpoint) + " | + " + dollars(month*n*3*endpoint) + " |"
	}
	interfaces := func(n float64) func(float64) float64 { return func(z float64) float64 { return n * z * endpoint } }
	fargate := arm(4, 8)
	for page, want := range map[string][]string{
		"network": {
			"| `none` | public subnets, with a public address | everything | $0.00 | $0.00 |",
			"everything, through one zone | " + row(func(float64) float64 { return gateway + address }),
			"| `nat-per-zone` | private subnets | everything | " + row(func(z float64) float64 { return z * (gateway + address) }),
			"nothing else | " + row(interfaces(4)), "what container instances need | " + row(interfaces(7)), added(2), added(1),
			fmt.Sprintf("from %.0f GB a month", month*(4*2*endpoint-gateway-address)/(gateway-endpoint)),
		},
		"fargate": {
			fmt.Sprintf("| 1 vCPU and 2 GB | $%.4f | $%.4f |", arm(1, 2), x86(1, 2)),
			fmt.Sprintf("| 4 vCPU and 8 GB | $%.4f | $%.4f |", fargate, x86(4, 8)),
		},
		"capacity": {
			fmt.Sprintf("| $%.4f | from $%.3f | $%.4f on a full c7g, and the fee, 12 %% of it | $%.4f on a full c7g |", arm(1, 2), 0.3*arm(1, 2), c7g/4, c7g/4),
			fmt.Sprintf("are $%.4f an hour on Fargate and $%.4f as a c7g.xlarge", fargate, c7g),
			fmt.Sprintf("$%.3f an hour for a\nc6a.2xlarge, which is %.0f %% of its price, $%.3f", fee, 100*fee/c6a, c6a),
			fmt.Sprintf("saves %.0f %% when", 100*(1-c7g/fargate)), fmt.Sprintf("less than %.0f %% of it", 100*c7g/fargate),
		},
		"services": {
			fmt.Sprintf("The load balancer is %s a month and %s for each unit", dollars(month*0.0225), dollars(month*0.008)),
			fmt.Sprintf("and half a GB %s on x86", dollars(month*2*(0.25*0.04048+0.5*0.004445))), "is another " + dollars(month*address),
		},
		"anywhere": {fmt.Sprintf("$0.01025 an hour](https://aws.amazon.com/ecs/pricing/) while it is connected, $%.2f a month", month*0.01025)},
	} {
		body := text(t, "../docs/guide/"+page+".md")
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s does not say %q", page, w)
			}
		}
	}
}
