package s3

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/smithy-go/encoding/httpbinding"
)

// suffixes are the domains of the partitions whose regions begin so; all others are amazonaws.com.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
var suffixes = []struct{ region, domain string }{
	{"cn-", "amazonaws.com.cn"},
	{"eusc-", "amazonaws.eu"},
	{"us-iso-", "c2s.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov"},
	{"us-isof-", "csp.hci.ic.gov"},
	{"eu-isoe-", "cloud.adc-e.uk"},
}

// isLabel reports whether a bucket has a name that can be the first part of a host: a dot in it would not fit the certificate.
func isLabel(bucket string) bool {
	if len(bucket) < 3 || len(bucket) > 63 || bucket[0] == '-' || bucket[len(bucket)-1] == '-' {
		return false
	}
	for i := range len(bucket) {
		if c := bucket[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// address is the URL of an object: by host on AWS where the bucket's name allows that, else by path. Endpoint is empty
// for AWS's own. Everything but letters, digits and "-._~/" is escaped once, as the signature wants it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
func address(endpoint, region string, o object) (*url.URL, error) {
	if endpoint != "" {
		base, err := url.Parse(endpoint)
		if err != nil || base.Host == "" {
			return nil, fmt.Errorf("the endpoint of S3 is %q: want a URL", endpoint)
		}
		return by(base.Scheme, base.Host, strings.TrimRight(base.Path, "/")+"/"+o.bucket+"/"+o.key), nil
	}
	host := "s3." + region + "." + domain(region)
	if isLabel(o.bucket) {
		return by("https", o.bucket+"."+host, "/"+o.key), nil
	}
	return by("https", host, "/"+o.bucket+"/"+o.key), nil
}

func by(scheme, host, path string) *url.URL {
	return &url.URL{Scheme: scheme, Host: host, Path: path, RawPath: httpbinding.EscapePath(path, false)}
}

func domain(region string) string {
	for _, s := range suffixes {
		if strings.HasPrefix(region, s.region) {
			return s.domain
		}
	}
	return "amazonaws.com"
}
