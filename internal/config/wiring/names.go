package wiring

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"slipway/internal/config/compile"
)

// prefix is the beginning of the ARN of something of ECS in the stack's own account and region.
const prefix = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:"

// clusterARN is the ARN of a cluster given by name or ARN.
func clusterARN(cluster string) string {
	if strings.HasPrefix(cluster, "arn:") {
		return cluster
	}
	return prefix + "cluster/" + cluster
}

// under is the ARN of something that belongs to a cluster: a task or a service.
func under(cluster, kind, name string) string {
	return strings.Replace(clusterARN(cluster), ":cluster/", ":"+kind+"/", 1) + "/" + name
}

// logStreams is the ARN of the streams of a log group that begin with the prefix of the log driver awslogs.
func logStreams(group, prefix string) string {
	return "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:" + group + ":log-stream:" + prefix + "/*"
}

var revision = regexp.MustCompile(`:[0-9]+$`)

// familyARN is the ARN of every revision of a task definition given by family, family:revision or ARN.
func familyARN(definition string) string {
	name := revision.ReplaceAllString(definition, "")
	if strings.HasPrefix(name, "arn:") {
		return name + ":*"
	}
	return prefix + "task-definition/" + name + ":*"
}

var (
	queueURL = regexp.MustCompile(`^https?://([^/]+)/([0-9]{12})/([A-Za-z0-9_.-]+)$`)
	region   = regexp.MustCompile(`(?:^|\.)([a-z]{2}(?:-[a-z]+)+-[0-9]+)\.`)
)

// queueARN is the ARN of a queue given by its URL. Every URL of AWS names the region; one of an emulator does not.
func queueARN(url string) string {
	m := queueURL.FindStringSubmatch(url)
	if m == nil {
		return ""
	}
	where := "${AWS::Region}"
	if r := region.FindStringSubmatch(m[1]); r != nil {
		where = r[1]
	}
	return "arn:${AWS::Partition}:sqs:" + where + ":" + m[2] + ":" + m[3]
}

var notLetters = regexp.MustCompile(`[^A-Za-z0-9]+`)

// logicalID is the logical ID of a resource for something named. The name of a deploy-time value is unique; any other
// text, of an ARN the last part, gets a part of its hash, since logical IDs take letters and digits only.
func logicalID(kind, name string) string {
	if value, ok := compile.Whole(name); ok {
		return kind + value
	}
	var b strings.Builder
	b.WriteString(kind)
	for _, part := range notLetters.Split(name[strings.LastIndex(name, "/")+1:], -1) {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	id := b.String()
	sum := sha256.Sum256([]byte(name))
	return id[:min(len(id), 80)] + hex.EncodeToString(sum[:3])
}
