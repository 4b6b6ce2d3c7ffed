package compile

import (
	"net/mail"
	"regexp"
	"strings"

	"slipway/internal/config"
)

// valueKinds says what each deploy-time value names.
var valueKinds = map[string]string{
	"ClusterName": "cluster", "BatchBucket": "bucket", "UploadsBucket": "bucket", "ResultsBucket": "bucket",
	"ObjectProcessorTask": "definition", "HourlyBatchTask": "definition", "QueueWorkerTask": "definition",
	"ObjectProcessorLogs": "logs", "HourlyBatchLogs": "logs", "QueueWorkerLogs": "logs",
	"WorkQueueUrl": "queue", "WorkerService": "service", "NotificationEmail": "mail",
}

var kindWords = map[string]string{
	"cluster": "a cluster", "bucket": "a bucket", "definition": "a task definition", "queue": "a queue",
	"service": "a service", "mail": "a mail address", "logs": "a log group",
}

var wholeValue = regexp.MustCompile(`^\$\{([A-Za-z0-9]+)\}$`)

// Whole is the name of the deploy-time value that a text is, if it is nothing else.
func Whole(text string) (name string, ok bool) {
	if m := wholeValue.FindStringSubmatch(text); m != nil {
		return m[1], true
	}
	return "", false
}

// example1 is a text with a plain stand-in for each deploy-time value, to check its form.
func example1(text string) string {
	filled, _ := config.Expand(text, func(string) (string, bool) { return "value", true })
	return filled
}

// refers reports a value of the wrong kind, as a bucket where a cluster is wanted.
func (r *reader) refers(v *value) {
	if v == nil || v.shape == nil {
		return
	}
	name, ok := Whole(v.text)
	if kind := valueKinds[name]; ok && kind != v.shape.Refers {
		r.add(v, "${%s} names %s, and %s is wanted here", name, kindWords[kind], kindWords[v.shape.Refers])
	}
}

var (
	clusterName   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	clusterARN    = regexp.MustCompile(`^arn:[^:]+:ecs:[^:]+:[^:]+:cluster/[A-Za-z0-9_-]{1,255}$`)
	family        = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}(:[0-9]{1,10})?$`)
	definitionARN = regexp.MustCompile(`^arn:[^:]+:ecs:[^:]+:[^:]+:task-definition/[A-Za-z0-9_-]{1,255}(:[0-9]{1,10})?$`)
	roleARN       = regexp.MustCompile(`^arn:[^:*]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$`)
	serviceARN    = regexp.MustCompile(`^(arn:[^:]+:ecs:[^:]+:[^:]+):service/([A-Za-z0-9_-]+)/([A-Za-z0-9_-]+)$`)
	topicARN      = regexp.MustCompile(`^arn:[^:*]+:sns:[^:*]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$`)
	queueURL      = regexp.MustCompile(`^https?://[^/]+/([0-9]{12})/([A-Za-z0-9_-]{1,80}(\.fifo)?)$`)
)

func (r *reader) cluster(v *value) {
	if v == nil {
		return
	}
	if name := example1(v.text); !clusterName.MatchString(name) && !clusterARN.MatchString(name) {
		r.add(v, "%s is neither the name nor the ARN of a cluster", quote(v.text))
	}
}

// definition checks the task definition, and that the roles to pass are named when the template does not know them.
func (r *reader) definition(v, roles *value) {
	if v == nil {
		return
	}
	r.refers(v)
	if name := example1(v.text); !family.MatchString(name) && !definitionARN.MatchString(name) {
		r.add(v, "%s is not a task definition; write its family, family:revision, or its ARN", quote(v.text))
	}
	for _, role := range roles.all() {
		if !roleARN.MatchString(role.text) {
			r.add(role, "%s is not the ARN of a role, as in arn:aws:iam::123456789012:role/NAME", quote(role.text))
		}
	}
	if _, ours := Whole(v.text); !ours && roles == nil {
		r.add(v, "task.roles is missing; name the task role and the execution role of this definition, which Slipway must be allowed to pass")
	}
}

// service splits CLUSTER/SERVICE.
func (r *reader) service(v *value) (cluster, name string) {
	if v == nil {
		return "", ""
	}
	if m := serviceARN.FindStringSubmatch(v.text); m != nil {
		return m[1] + ":cluster/" + m[2], m[3]
	}
	cluster, name, ok := strings.Cut(v.text, "/")
	switch {
	case !ok:
		r.add(v, "the cluster is missing; write %s", quote("${ClusterName}/"+v.text))
	case !clusterName.MatchString(example1(cluster)) || !clusterName.MatchString(example1(name)):
		r.add(v, "%s is not a service; write CLUSTER/SERVICE with their names, or the service's ARN", quote(v.text))
	}
	return cluster, name
}

func (r *reader) queue(v *value) {
	if _, ok := Whole(v.text); ok {
		r.refers(v)
		return
	}
	switch {
	case strings.HasPrefix(v.text, "arn:"):
		r.add(v, "write the queue's URL, not its ARN")
	case !queueURL.MatchString(v.text):
		r.add(v, "%s is not a queue's URL, as in https://sqs.eu-north-1.amazonaws.com/123456789012/orders", quote(v.text))
	}
}

func (r *reader) recipient(v *value) {
	if _, ok := Whole(v.text); ok {
		r.refers(v)
		return
	}
	if strings.HasPrefix(v.text, "arn:") {
		if !topicARN.MatchString(v.text) {
			r.add(v, "%s is not the ARN of an SNS topic, as in arn:aws:sns:eu-north-1:123456789012:ops", quote(v.text))
		}
		return
	}
	if a, err := mail.ParseAddress(v.text); err != nil || a.Address != v.text {
		r.add(v, "%s is not a mail address alone, as in ops@example.com", quote(v.text))
	}
}
