package deploy

import (
	"slices"
	"strings"

	"slipway/internal/config"
)

// Left is what nobody but a person can do, or agree to, after a stack was deployed. File is the configuration, as a person
// names it.
func Left(c config.Config, stack, file, email, sender string) []string {
	var out []string
	if email != "" {
		out = append(out, "confirm the subscription: AWS has sent a mail to "+email+", and nothing is told before the link in it was opened")
	}
	if sender != "" {
		out = append(out, "verify "+sender+" in SES (aws sesv2 create-email-identity --email-identity "+sender+"); while SES is in its sandbox, "+email+" too")
	}
	var silent []string
	for _, j := range c.Jobs {
		if s3 := j.Trigger.S3; s3 != nil && !strings.Contains(s3.Bucket, "${") && !slices.Contains(silent, s3.Bucket) {
			silent = append(silent, s3.Bucket)
		}
	}
	if len(silent) > 0 {
		out = append(out, "let what is put into "+strings.Join(silent, ", ")+" be told to EventBridge, unless it is: slipway doctor --stack "+stack+
			" --fix eventbridge"+at(file)+" adds that to what a bucket notifies already")
	}
	return out
}

// at is the flag that names the configuration, where it has to be named.
func at(file string) string {
	if file == "" || file == "slipway.yaml" {
		return ""
	}
	return " -f " + file
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
