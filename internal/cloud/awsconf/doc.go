// Package awsconf builds the AWS configuration of a function by hand.
//
// What comes in: the environment that Lambda and template.yaml set. What goes out: an aws.Config, the endpoint of each
// service, and a client that sends a call in one piece. config.LoadDefaultConfig would link four more services and cost a
// millisecond at each cold start.
//
// It must never read files, call the metadata service or hold more than the environment says.
package awsconf
