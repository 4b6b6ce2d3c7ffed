// Package awsconf builds the AWS configuration of a function by hand.
//
// What comes in: the environment that Lambda and template.yaml set. What goes out: an aws.Config, and the endpoint of
// each service. config.LoadDefaultConfig would link four more services and cost a millisecond at each cold start.
//
// It must never read files, call the metadata service or hold more than the environment says.
package awsconf
