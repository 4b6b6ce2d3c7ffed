package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"slipway/internal/config"
	"slipway/internal/doctor"
)

const doctorFile = `version: 1
jobs:
  photos:
    trigger: {s3: {bucket: photos, key: "incoming/**"}}
    task: {cluster: main, definition: photos, container: main, capacity: [FARGATE_SPOT, FARGATE], roles: [arn:aws:iam::111122223333:role/task]}
    concurrency: {max: 50}
scalers:
  work: {queues: [https://sqs.eu-north-1.amazonaws.com/111122223333/work], service: main/worker, tasks: {max: 10}, messagesPerTask: 1, serviceTime: 30s}
notifications:
  - {to: ["ops@example.com"], events: [run.failed]}
`

// account is what an AWS account answers, by service and operation, in the form in which AWS answers. Where an answer
// depends on the request, its key goes on with a part of that.
type account map[string]string

const (
	doctorRole = "arn:aws:iam::111122223333:role/task"
	doctorKey  = "arn:aws:kms:eu-north-1:111122223333:key/1"
	doctorPic  = "111122223333.dkr.ecr.eu-north-1.amazonaws.com/photos:1"
)

func xmlOf(operation, result string) string {
	return "<" + operation + "Response><" + operation + "Result>" + result + "</" + operation + "Result></" + operation + "Response>"
}

// healthyAccount is an account with a stack with which nothing is wrong. The clock of the test stands long after it.
func healthyAccount(t *testing.T, s *session) account {
	t.Helper()
	trust := url.QueryEscape(`{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ecs-tasks.amazonaws.com"}}]}`)
	a := account{
		"sts:GetCallerIdentity": xmlOf("GetCallerIdentity", "<Arn>arn:aws:iam::111122223333:user/me</Arn>"),
		"cloudformation:DescribeStacks": xmlOf("DescribeStacks", `<Stacks><member><StackName>slipway-dev</StackName><StackStatus>CREATE_COMPLETE</StackStatus>
			<CreationTime>2027-01-01T00:00:00Z</CreationTime><Parameters>`+
			members("ParameterKey", "ParameterValue", "Subnets", "subnet-1", "SecurityGroups", "sg-1", "PublicIp", "DISABLED", "NotificationEmail", "ops@example.com", "Sender", "slipway@example.com")+
			`</Parameters><Outputs>`+members("OutputKey", "OutputValue", "TopicArn", "arn:aws:sns:eu-north-1:111122223333:told",
			"LaunchDeadLetterQueueUrl", "https://sqs.eu-north-1.amazonaws.com/111122223333/launch-dead", "LifecycleDeadLetterQueueUrl", "https://sqs.eu-north-1.amazonaws.com/111122223333/lifecycle-dead")+
			`</Outputs></member></Stacks>`),
		"cloudformation:ListStackResources": xmlOf("ListStackResources", `<StackResourceSummaries>`+
			resource("S3TriggerFunction", "AWS::Lambda::Function", "f1")+resource("SchedulerFunction", "AWS::Lambda::Function", "f2")+
			resource("SqsScalerFunction", "AWS::Lambda::Function", "f3")+resource("LifecycleNotifierFunction", "AWS::Lambda::Function", "f4")+
			resource("S3TriggerRole", "AWS::IAM::Role", "r1")+resource("SchedulerRole", "AWS::IAM::Role", "r2")+
			resource("TicksAlarm", "AWS::CloudWatch::Alarm", "slipway-dev-ticks")+`</StackResourceSummaries>`),
		"ecs:DescribeTaskDefinition": `{"taskDefinition":{"taskDefinitionArn":"arn:aws:ecs:eu-north-1:111122223333:task-definition/photos:7","family":"photos","status":"ACTIVE",
			"networkMode":"awsvpc","cpu":"512","memory":"1024","compatibilities":["EC2","FARGATE"],"runtimePlatform":{"cpuArchitecture":"ARM64","operatingSystemFamily":"LINUX"},
			"taskRoleArn":"` + doctorRole + `","executionRoleArn":"` + doctorRole + `","containerDefinitions":[{"name":"main","image":"` + doctorPic + `","essential":true}]}}`,
		"ecs:DescribeClusters":          `{"clusters":[{"clusterName":"main","status":"ACTIVE","capacityProviders":["FARGATE","FARGATE_SPOT"],"defaultCapacityProviderStrategy":[]}]}`,
		"ecs:DescribeCapacityProviders": `{"capacityProviders":[{"name":"FARGATE"},{"name":"FARGATE_SPOT"}]}`,
		"ecs:DescribeServices":          `{"services":[{"serviceName":"worker","status":"ACTIVE","taskDefinition":"photos:7","launchType":"FARGATE"}]}`,
		"ecr:BatchGetImage":             `{"images":[{"imageManifest":"{\"config\":{\"digest\":\"sha256:1\"}}"}]}`,
		"ecr:GetDownloadUrlForLayer":    `{"downloadUrl":"SERVER/signed/config"}`,
		":GET /signed/config":           `{"architecture":"arm64","os":"linux"}`,
		"iam:GetRole":                   xmlOf("GetRole", "<Role><AssumeRolePolicyDocument>"+trust+"</AssumeRolePolicyDocument></Role>"),
		"iam:SimulatePrincipalPolicy":   decisions("allowed"),
		"s3:HEAD /photos":               "",
		"s3:GET /photos?notification":   `<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>`,
		"s3:GET /photos?encryption": `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>
			<KMSMasterKeyID>` + doctorKey + `</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`,
		"kms:DescribeKey":  `{"KeyMetadata":{"Arn":"` + doctorKey + `","KeyState":"Enabled","KeyManager":"CUSTOMER"}}`,
		"kms:GetKeyPolicy": keyPolicy("arn:aws:iam::111122223333:root", "kms:*"),
		"kms:ListGrants":   `{"Grants":[]}`,
		"sqs:GetQueueUrl":  `{"QueueUrl":"https://sqs.eu-north-1.amazonaws.com/111122223333/work-dead"}`,
		"sqs:GetQueueAttributes": `{"Attributes":{"VisibilityTimeout":"60","ApproximateNumberOfMessages":"0","ApproximateNumberOfMessagesNotVisible":"0",
			"ApproximateNumberOfMessagesDelayed":"0","RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-north-1:111122223333:work-dead\"}"}}`,
		"application-autoscaling:DescribeScalableTargets": `{"ScalableTargets":[]}`,
		"ec2:DescribeSubnets":                             `<R><subnetSet><item><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><cidrBlock>10.0.1.0/24</cidrBlock></item></subnetSet></R>`,
		"ec2:DescribeRouteTables":                         routes("<item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><natGatewayId>nat-1</natGatewayId><state>active</state></item>"),
		"ec2:DescribeVpcEndpoints":                        "<R><vpcEndpointSet>" + endpoint("logs", true) + "</vpcEndpointSet></R>",
		"ec2:DescribeSecurityGroups":                      group("sg-1", "10.0.0.0/16", true),
		"sns:ListSubscriptionsByTopic": xmlOf("ListSubscriptionsByTopic", `<Subscriptions><member><Protocol>email</Protocol><Endpoint>ops@example.com</Endpoint>
			<SubscriptionArn>arn:aws:sns:eu-north-1:111122223333:told:1</SubscriptionArn></member></Subscriptions>`),
		"ses:GET /v2/email/account":                        `{"ProductionAccessEnabled":false,"SendingEnabled":true}`,
		"ses:GET /v2/email/identities/slipway@example.com": `{"VerifiedForSendingStatus":true}`,
		"ses:GET /v2/email/identities/ops@example.com":     `{"VerifiedForSendingStatus":true}`,
		"ses:GET /v2/email/identities/example.com":         `{"VerifiedForSendingStatus":false}`,
		"servicequotas:GetServiceQuota":                    `{"Quota":{"Value":4000}}`,
		"lambda:GET /2016-08-19/account-settings":          `{"AccountLimit":{"ConcurrentExecutions":1000}}`,
		"monitoring:GetMetricStatistics":                   xmlOf("GetMetricStatistics", "<Datapoints><member><Sum>1.0</Sum></member></Datapoints>"),
		"monitoring:DescribeAlarms":                        alarms("OK", true),
		":GET /signed/function":                            packed(t, s),
	}
	for _, f := range []string{"f1", "f2", "f3", "f4"} {
		a["lambda:GET /2015-03-31/functions/"+f] = `{"Code":{"Location":"SERVER/signed/function"}}`
	}
	return a
}

func members(key, value string, pairs ...string) string {
	text := ""
	for pair := range slices.Chunk(pairs, 2) {
		text += fmt.Sprintf("<member><%s>%s</%s><%s>%s</%s></member>", key, pair[0], key, value, pair[1], value)
	}
	return text
}

func resource(logical, kind, physical string) string {
	return "<member><LogicalResourceId>" + logical + "</LogicalResourceId><ResourceType>" + kind + "</ResourceType><PhysicalResourceId>" + physical +
		"</PhysicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus><LastUpdatedTimestamp>2027-01-01T00:00:00Z</LastUpdatedTimestamp></member>"
}

func decisions(decision string) string {
	return xmlOf("SimulatePrincipalPolicy", "<EvaluationResults><member><EvalDecision>"+decision+"</EvalDecision></member></EvaluationResults>")
}

func keyPolicy(who, action string) string {
	policy, _ := json.Marshal(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"` + who + `"},"Action":["` + action + `"],"Resource":"*"}]}`) //nolint:errchkjson // a string
	return `{"Policy":` + string(policy) + `}`
}

func routes(items string) string {
	return "<R><routeTableSet><item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><associationSet><item><main>true</main></item></associationSet><routeSet>" + items + "</routeSet></item></routeTableSet></R>"
}

// endpoints are those of a VPC without another way out; that of ecr.api has no private DNS names.
var endpoints = endpoint("ecr.api", false) + endpoint("ecr.dkr", true) + endpoint("logs", true) +
	"<item><vpcEndpointId>vpce-2</vpcEndpointId><vpcId>vpc-1</vpcId><vpcEndpointType>Gateway</vpcEndpointType><serviceName>com.amazonaws.eu-north-1.s3</serviceName>" +
	"<state>available</state><routeTableIdSet><item>rtb-1</item></routeTableIdSet></item>"

func endpoint(service string, dns bool) string {
	return "<item><vpcEndpointId>vpce-1</vpcEndpointId><vpcId>vpc-1</vpcId><vpcEndpointType>Interface</vpcEndpointType><serviceName>com.amazonaws.eu-north-1." + service +
		"</serviceName><state>available</state><privateDnsEnabled>" + strconv.FormatBool(dns) + "</privateDnsEnabled><groupSet><item><groupId>sg-1</groupId></item></groupSet></item>"
}

func group(id, from string, out bool) string {
	rule := "<item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort><ipRanges><item><cidrIp>" + from + "</cidrIp></item></ipRanges></item>"
	text := "<R><securityGroupInfo><item><groupId>" + id + "</groupId><ipPermissions>" + rule + "</ipPermissions>"
	if out {
		text += "<ipPermissionsEgress><item><ipProtocol>-1</ipProtocol></item></ipPermissionsEgress>"
	}
	return text + "</item></securityGroupInfo></R>"
}

func alarms(state string, actions bool) string {
	return xmlOf("DescribeAlarms", "<MetricAlarms><member><AlarmName>slipway-dev-ticks</AlarmName><StateValue>"+state+"</StateValue><ActionsEnabled>"+strconv.FormatBool(actions)+
		"</ActionsEnabled><AlarmDescription>It says so.</AlarmDescription></member></MetricAlarms>")
}

// packed is the package of a function with the configuration of the session.
func packed(t *testing.T, s *session) string {
	t.Helper()
	s.run(exitDone, "compile", "--wiring", "", "-o", s.path("slipway.json"))
	text, err := os.ReadFile(s.path("slipway.json"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create(config.FileName)
	if err == nil {
		_, err = f.Write(text)
	}
	if err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

const refusedAnswer = "refused"

var scope = regexp.MustCompile(`Credential=[^/]+/[0-9]+/[^/]+/([^/]+)/aws4_request`)

// serve answers as the account does, and notes what was asked for.
func (a account) serve(t *testing.T, asked map[string]bool) string {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service := ""
		if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
			service = m[1]
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		key := service + ":" + operationOf(r, string(body))
		asked[key] = true
		text, ok := a[key]
		for more, special := range a {
			if part, found := strings.CutPrefix(more, key+" about "); found && strings.Contains(string(body), part) {
				text, ok = special, true
			}
		}
		switch target := r.Header.Get("X-Amz-Target"); {
		case !ok:
			w.WriteHeader(http.StatusNotImplemented)
			t.Errorf("the account has no answer to %s", key)
		case text == refusedAnswer:
			code := "AccessDenied"
			if service == "ec2" {
				code = "UnauthorizedOperation"
			}
			fail(w, service, http.StatusForbidden, code, target != "")
		case strings.HasPrefix(text, "status "):
			status, code, _ := strings.Cut(strings.TrimPrefix(text, "status "), " ")
			n, _ := strconv.Atoi(status)
			fail(w, service, n, code, r.Header.Get("X-Amz-Target") != "")
		default:
			_, _ = io.WriteString(w, strings.ReplaceAll(text, "SERVER", server.URL))
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func operationOf(r *http.Request, body string) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target[strings.LastIndexByte(target, '.')+1:]
	}
	if form, err := url.ParseQuery(body); err == nil && form.Get("Action") != "" {
		return form.Get("Action")
	}
	operation := r.Method + " " + r.URL.Path
	for _, sub := range []string{"notification", "encryption"} {
		if r.URL.Query().Has(sub) {
			operation += "?" + sub
		}
	}
	return operation
}

// fail answers with an error, in the form of the service.
func fail(w http.ResponseWriter, service string, status int, code string, inJSON bool) {
	tree := service == "lambda" || service == "ses"
	if tree {
		w.Header().Set("X-Amzn-Errortype", code)
	}
	w.WriteHeader(status)
	form := `<ErrorResponse><Error><Code>%s</Code><Message>no</Message></Error></ErrorResponse>`
	switch {
	case inJSON || tree:
		form = `{"__type":%q,"message":"no"}`
	case service == "ec2":
		form = `<Response><Errors><Error><Code>%s</Code><Message>no</Message></Error></Errors></Response>`
	case service == "s3":
		form = `<Error><Code>%s</Code><Message>no</Message></Error>`
	}
	_, _ = fmt.Fprintf(w, form, code)
}

// patient is a session of the doctor.
type patient struct {
	*session
	account account
	asked   map[string]bool
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	s := newSession(t)
	s.write(doctorFile)
	s.run(exitDone, "generate")
	s.env["SLIPWAY_STACK"] = "slipway-dev"
	s.world.now = func() time.Time { return time.Date(2027, 3, 27, 0, 0, 0, 0, time.UTC) }
	return &patient{s, healthyAccount(t, s), map[string]bool{}}
}

// examine runs the doctor.
func (p *patient) examine(want int) examined {
	p.t.Helper()
	url := p.account.serve(p.t, p.asked)
	p.env["AWS_ENDPOINT_URL"] = url
	p.world.connect = func(context.Context, string, string) (aws.Config, error) {
		return aws.Config{
			Region: "eu-north-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), HTTPClient: http.DefaultClient,
			RetryMaxAttempts: 1,
		}, nil
	}
	out, _ := p.run(want, "doctor", "--json")
	var e examined
	if want != exitRefused {
		if err := json.Unmarshal([]byte(out), &e); err != nil {
			p.t.Fatalf("%v in %s", err, out)
		}
	}
	return e
}

func TestTheDoctorFindsNothingInAHealthyAccount(t *testing.T) {
	p := newPatient(t)
	if got := p.examine(exitDone); len(got.Findings)+len(got.NotLookedAt) > 0 {
		t.Errorf("found %+v", got)
	}
	for _, key := range slices.Sorted(maps.Keys(p.account)) {
		if !p.asked[key] && key != "kms:ListGrants" { // nobody needs a grant there
			t.Errorf("nobody asks for %s", key)
		}
	}
}

// accountFaults is one planted fault of each kind, as AWS would answer with it.
var accountFaults = map[string]func(p *patient){
	"bucket-missing":     answer("s3:HEAD /photos", "status 404 NotFound"),
	"bucket-elsewhere":   answer("s3:HEAD /photos", "status 301 PermanentRedirect"),
	"bucket-foreign":     answer("s3:HEAD /photos", "status 403 Forbidden"),
	"bucket-eventbridge": answer("s3:GET /photos?notification", "<NotificationConfiguration/>"),
	"key-disabled":       answer("kms:DescribeKey", `{"KeyMetadata":{"Arn":"`+doctorKey+`","KeyState":"Disabled","KeyManager":"CUSTOMER"}}`),
	"key-grant":          answer("kms:GetKeyPolicy", keyPolicy("arn:aws:iam::111122223333:role/other", "kms:*")),
	"cluster-missing":    answer("ecs:DescribeClusters", `{"clusters":[],"failures":[{"reason":"MISSING"}]}`),
	"provider-missing":   answer("ecs:DescribeClusters", `{"clusters":[{"clusterName":"main","status":"ACTIVE","capacityProviders":["FARGATE"]}]}`),
	"spot-region":        answer("ecs:DescribeCapacityProviders", `{"capacityProviders":[{"name":"FARGATE"}],"failures":[{"reason":"MISSING"}]}`),
	"definition-missing": func(p *patient) {
		p.account["ecs:DescribeTaskDefinition"] = "status 400 ClientException"
		p.account["ecs:DescribeServices"] = `{"services":[{"status":"ACTIVE","taskDefinition":"photos:7"}]}`
	},
	"definition-inactive": edit("ecs:DescribeTaskDefinition", `"ACTIVE"`, `"INACTIVE"`),
	"container-missing":   edit("ecs:DescribeTaskDefinition", `"name":"main"`, `"name":"web"`),
	"combination":         edit("ecs:DescribeTaskDefinition", `"EC2","FARGATE"`, `"EC2"`),
	"image-missing":       answer("ecr:BatchGetImage", `{"images":[],"failures":[{"failureCode":"ImageNotFound"}]}`),
	"image-architecture":  answer(":GET /signed/config", `{"architecture":"amd64"}`),
	"role-missing":        answer("iam:GetRole about RoleName=task", "status 404 NoSuchEntity"),
	"role-trust":          edit("iam:GetRole", "ecs-tasks", "ec2"),
	"role-pass": func(p *patient) {
		p.account["iam:SimulatePrincipalPolicy"] = decisions("implicitDeny")
		p.account["kms:GetKeyPolicy"] = keyPolicy(doctorRole, "kms:Decrypt")
	},
	"service-linked-role": answer("iam:GetRole about AWSServiceRoleForECS", "status 404 NoSuchEntity"),
	"subnet-missing":      answer("ec2:DescribeSubnets", `<R><subnetSet/></R>`),
	"subnet-way":          answer("ec2:DescribeRouteTables", routes("")),
	"endpoint-dns": func(p *patient) {
		p.account["ec2:DescribeRouteTables"] = routes("")
		p.account["ec2:DescribeVpcEndpoints"] = "<R><vpcEndpointSet>" + endpoints + "</vpcEndpointSet></R>"
	},
	"endpoint-closed":      answer("ec2:DescribeSecurityGroups", group("sg-1", "192.168.0.0/16", true)),
	"group-missing":        answer("ec2:DescribeSecurityGroups", group("sg-2", "10.0.0.0/16", true)),
	"group-closed":         answer("ec2:DescribeSecurityGroups", group("sg-1", "10.0.0.0/16", false)),
	"service-missing":      answer("ecs:DescribeServices", `{"services":[],"failures":[{"reason":"MISSING"}]}`),
	"service-scaled-twice": answer("application-autoscaling:DescribeScalableTargets", `{"ScalableTargets":[{"ResourceId":"service/main/worker"}]}`),
	"queue-missing":        answer("sqs:GetQueueAttributes about RedrivePolicy", "status 400 QueueDoesNotExist"),
	"queue-visibility":     edit("sqs:GetQueueAttributes", `"VisibilityTimeout":"60"`, `"VisibilityTimeout":"20"`),
	"dead-letters":         edit("sqs:GetQueueAttributes", `"ApproximateNumberOfMessages":"0"`, `"ApproximateNumberOfMessages":"3"`),
	"topic-missing":        answer("sns:ListSubscriptionsByTopic", "status 404 NotFound"),
	"subscription-pending": edit("sns:ListSubscriptionsByTopic", "arn:aws:sns:eu-north-1:111122223333:told:1", "PendingConfirmation"),
	"subscription-missing": edit("sns:ListSubscriptionsByTopic", "ops@example.com", "old@example.com"),
	"ses-sandbox":          answer("ses:GET /v2/email/identities/ops@example.com", `{"VerifiedForSendingStatus":false}`),
	"ses-identity":         answer("ses:GET /v2/email/identities/slipway@example.com", "status 404 NotFoundException"),
	"ses-paused":           edit("ses:GET /v2/email/account", `"SendingEnabled":true`, `"SendingEnabled":false`),
	"vcpu-quota":           answer("servicequotas:GetServiceQuota", `{"Quota":{"Value":6}}`),
	"lambda-quota":         answer("lambda:GET /2016-08-19/account-settings", `{"AccountLimit":{"ConcurrentExecutions":10}}`),
	"ticks-late":           answer("monitoring:GetMetricStatistics", xmlOf("GetMetricStatistics", "<Datapoints/>")),
	"alarm-ringing":        answer("monitoring:DescribeAlarms", alarms("ALARM", true)),
	"alarm-stopped":        answer("monitoring:DescribeAlarms", alarms("OK", false)),
	"wiring-old": func(p *patient) {
		if err := os.WriteFile(p.path("wiring.yaml"), []byte("Resources: {}\n"), 0o600); err != nil {
			p.t.Fatal(err)
		}
	},
	"configuration-old": func(p *patient) {
		p.write(strings.Replace(doctorFile, "max: 50", "max: 40", 1))
		p.run(exitDone, "generate")
	},
	"could-not-look": answer("servicequotas:GetServiceQuota", refusedAnswer),
}

func answer(key, text string) func(*patient) { return func(p *patient) { p.account[key] = text } }

func edit(key, from, to string) func(*patient) {
	return func(p *patient) {
		if !strings.Contains(p.account[key], from) {
			p.t.Fatalf("%s does not say %s", key, from)
		}
		p.account[key] = strings.ReplaceAll(p.account[key], from, to)
	}
}

// TestTheDoctorFindsEachFault plants one fault of each kind in what AWS answers: exactly its kind is found.
func TestTheDoctorFindsEachFault(t *testing.T) {
	for _, k := range doctor.Kinds() {
		t.Run(k.ID, func(t *testing.T) {
			plant, ok := accountFaults[k.ID]
			if !ok {
				t.Fatal("no fault is planted")
			}
			p := newPatient(t)
			plant(p)
			got := p.examine(exitProblem)
			if len(got.Findings) == 0 {
				t.Error("nothing is found")
			}
			for _, f := range got.Findings {
				if f.ID != k.ID {
					t.Errorf("found %+v", f)
				}
			}
		})
	}
}

// TestAReadingThatIsDeniedIsAFinding denies each call that the doctor makes, one at a time: it says which right is missing,
// looks at everything else, and takes nothing for wrong.
func TestAReadingThatIsDeniedIsAFinding(t *testing.T) {
	for _, key := range slices.Sorted(maps.Keys(newPatient(t).account)) {
		if key == "sts:GetCallerIdentity" || strings.HasPrefix(key, ":") || key == "s3:HEAD /photos" {
			continue // needs no right; a signed address; says so by itself
		}
		t.Run(key, func(t *testing.T) {
			p := newPatient(t)
			p.account[key] = refusedAnswer
			got := p.examine(exitProblem)
			for _, f := range got.Findings {
				if f.ID != "could-not-look" || !strings.Contains(f.Do, "ask for ") {
					t.Errorf("found %+v", f)
				}
			}
			if len(got.Findings) == 0 {
				t.Error("nothing is said")
			}
		})
	}
}

func TestTheDoctorEndsWhenAWSDeniesEverything(t *testing.T) {
	p := newPatient(t)
	for key := range p.account {
		if key != "sts:GetCallerIdentity" {
			p.account[key] = refusedAnswer
		}
	}
	p.examine(exitRefused)
	p.account["sts:GetCallerIdentity"] = refusedAnswer
	p.examine(exitRefused)
}

func TestTheDoctorSaysWhatToDo(t *testing.T) {
	p := newPatient(t)
	accountFaults["bucket-eventbridge"](p)
	p.examine(exitProblem)
	out, _ := p.run(exitProblem, "doctor")
	contains(t, out, "error bucket-eventbridge: bucket photos sends no events to EventBridge", "$ slipway doctor --stack slipway-dev --fix eventbridge", "1 finding.")
	p = newPatient(t)
	p.examine(exitDone)
	out, _ = p.run(exitDone, "doctor")
	contains(t, out, "Nothing is found.")
	_, errs := p.run(exitUsage, "doctor", "--fix", "everything")
	contains(t, errs, "only eventbridge can be repaired here")
}

func TestTheDoctorWithoutAStack(t *testing.T) {
	p := newPatient(t)
	p.account["cloudformation:DescribeStacks"] = "status 400 ValidationError"
	p.examine(exitRefused)
	p = newPatient(t)
	p.write("version: 0\n")
	_, errs := p.run(exitProblem, "doctor")
	contains(t, errs, "version")
}

// TestFunctionsAtPeak holds the number to what template.yaml lets run at once.
func TestFunctionsAtPeak(t *testing.T) {
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := len(ticking)
	for _, m := range regexp.MustCompile(`MaximumConcurrency: (\d+)`).FindAllSubmatch(text, -1) {
		n, _ := strconv.Atoi(string(m[1]))
		want += n
	}
	if atPeak != want {
		t.Errorf("got %d, want %d", atPeak, want)
	}
}
