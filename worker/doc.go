// Package worker is the loop of a program that works off an SQS queue on Amazon ECS, so that scaling in, deployments
// and Spot interruptions never end work that is half done.
//
//	w, err := worker.New(worker.Options{
//		Queue: sqs.NewFromConfig(cfg), URL: os.Getenv("WORK_QUEUE_URL"), Concurrency: 10,
//		Handle: func(ctx context.Context, m worker.Message) error { return resize(ctx, m.Body) },
//	})
//	…
//	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
//	defer stop()
//	err = w.Run(ctx)
//
// What comes in: a queue, and a function that works on one message. What goes out: deleted messages, and messages
// given back. The rules, which a worker in another language can follow as well:
//
//   - Before each ReceiveMessage the task is protected from scale-in through $ECS_AGENT_URI. Protection that is refused,
//     or whose answer is unknown, means: do not receive. It is renewed while there is work, and released after an empty
//     poll with nothing in work, when the worker rests for a moment so that ECS can stop the task.
//   - A message in work stays invisible to others: its visibility is extended until its work ends.
//   - A message is deleted after its work succeeded, and never otherwise. One that fails becomes visible again after a
//     growing wait; the queue's redrive policy moves it to the dead-letter queue.
//   - In a FIFO queue the messages of one group that came together are worked on in order. After one has failed, the
//     rest of them are given back unworked.
//   - When its context ends, the worker receives nothing more, finishes what it has, and gives back what it cannot
//     finish within the stop timeout. A poll under way is waited for, since SQS may already have handed out messages.
//
// It must never delete a message whose work failed, receive without protection, or end the process. A message can
// still come twice, as SQS promises no less than once: make the work safe to repeat.
package worker
