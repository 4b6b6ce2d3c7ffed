// Package simulate plays arrivals against scaling policies: SQS, CloudWatch and ECS as far as a policy can tell, the
// shipped policy, the rules of others, and two lines to measure by.
//
// What comes in: arrivals, settings, and a seed. What goes out: for each policy the waits of the messages and the
// task-seconds as Fargate bills them.
//
// It must never read a clock or anything of AWS: the same input and seed give the same output, and every policy meets
// the same messages, service times and start-up times.
package simulate
