package deploy_test

import (
	"strings"
	"testing"

	"slipway/internal/deploy"
)

const twoBuckets = `version: 1
jobs:
  first: {trigger: {s3: {bucket: BUCKET, key: ["!tmp/**", "in/**/*.pdf"]}}, task: {cluster: c, definition: d, capacity: FARGATE, roles: ["arn:aws:iam::111122223333:role/r"]}}
  second: {trigger: {s3: {bucket: BUCKET, key: "other/**"}}, task: {cluster: c, definition: d, capacity: FARGATE, roles: ["arn:aws:iam::111122223333:role/r"]}}
`

func TestWhatIsLeftToDo(t *testing.T) {
	own := configuration(t, strings.ReplaceAll(twoBuckets, "BUCKET", "ours"))
	left := strings.Join(deploy.Left(own, "slipway-dev", "ours/slipway.yaml", "ops@example.com", "from@example.com"), "\n")
	for _, want := range []string{"ops@example.com", "verify from@example.com", "slipway doctor --stack slipway-dev --fix eventbridge -f ours/slipway.yaml"} {
		if !strings.Contains(left, want) {
			t.Errorf("got %q, want it to say %q", left, want)
		}
	}
	if strings.Count(left, "into ours be told") != 1 {
		t.Errorf("got %q, want each bucket once", left)
	}
	examples := configuration(t, strings.ReplaceAll(twoBuckets, "BUCKET", `"${UploadsBucket}"`))
	if left := deploy.Left(examples, "slipway-dev", "slipway.yaml", "", ""); left != nil {
		t.Errorf("got %q, and the stack's own bucket tells already", left)
	}
}

func TestOneCommandToTry(t *testing.T) {
	const scheduled = `version: 1
jobs:
  report: {trigger: {schedule: "rate(1 hour)"}, task: {cluster: c, definition: d, capacity: FARGATE, roles: ["arn:aws:iam::111122223333:role/r"]}}
`
	for name, tc := range map[string]struct{ file, want string }{
		"an object of one's own bucket": {strings.ReplaceAll(twoBuckets, "BUCKET", "ours"), "s3://ours/in/hello.pdf"},
		"an object of the examples":     {strings.ReplaceAll(twoBuckets, "BUCKET", `"${UploadsBucket}"`), "s3://made/in/hello.pdf"},
		"a job that has no bucket":      {scheduled, "slipway start report"},
	} {
		t.Run(name, func(t *testing.T) {
			got := deploy.Try(configuration(t, tc.file), map[string]string{"UploadsBucketName": "made"})
			if !strings.HasSuffix(got, tc.want) {
				t.Errorf("got %q, want it to end with %q", got, tc.want)
			}
		})
	}
}
