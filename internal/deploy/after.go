package deploy

import (
	"strings"

	"slipway/internal/config"
)

// Left is what nobody but a person can do after a deployment.
func Left(c config.Config, email, sender string) []string {
	var out []string
	if email != "" {
		out = append(out, "confirm the subscription: AWS has sent a mail to "+email+", and nothing is told before the link in it was opened")
	}
	if sender != "" {
		out = append(out, "verify "+sender+" in SES (aws sesv2 create-email-identity --email-identity "+sender+"); while SES is in its sandbox, "+email+" too")
	}
	seen := map[string]bool{}
	for _, j := range c.Jobs {
		s3 := j.Trigger.S3
		if s3 == nil || strings.Contains(s3.Bucket, "${") || seen[s3.Bucket] {
			continue
		}
		seen[s3.Bucket] = true
		out = append(out, "let bucket "+s3.Bucket+" send its events to EventBridge, unless it does: in the console under Properties, "+
			"Amazon EventBridge; the AWS CLI replaces the bucket's whole notification configuration")
	}
	return out
}

// Try is one command that starts a run, or empty when no job can be started.
func Try(c config.Config, outputs map[string]string) string {
	filled, err := c.Fill(map[string]string{"UploadsBucket": outputs["UploadsBucketName"]})
	if err != nil {
		return ""
	}
	for _, j := range filled.Jobs {
		if s3 := j.Trigger.S3; s3 != nil && s3.Bucket != "" && !strings.Contains(s3.Bucket, "${") {
			return "aws s3 cp README.md s3://" + s3.Bucket + "/" + sample(s3.Keys)
		}
	}
	for _, j := range c.Jobs {
		return "slipway start " + j.Name
	}
	return ""
}

// sample is a key that a list of patterns is likely to want: what a person replaces is in the file's name.
func sample(patterns []string) string {
	for _, p := range patterns {
		if strings.HasPrefix(p, "!") {
			continue
		}
		p = strings.ReplaceAll(strings.ReplaceAll(p, "**/", ""), "**", "hello")
		p = strings.ReplaceAll(p, "*", "hello")
		if !strings.ContainsAny(p, "[]{}?") {
			return p
		}
	}
	return "hello"
}
