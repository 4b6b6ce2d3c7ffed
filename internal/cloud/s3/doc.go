// Package s3 reads and writes small objects of Amazon S3 for functions.
//
// What comes in: the address of an object, s3://bucket/key with the key as S3 knows it, and its content or how much of
// it is wanted at most. What goes out: the object stored, or its content.
//
// It must never hold more of an object than it was asked for, nor take an object that is missing for one that cannot be
// reached.
//
// It makes its two calls with net/http and the SDK's signer, since every start of a function pays for all that is
// linked into it. Measured on a program with the clients of DynamoDB, ECS and SQS, linux/amd64, stripped, medians of 60
// starts and of 15 traces of initialization:
//
//	                           binary     gzip      initialization      start to exit
//	without S3                 9.23 MB    3.52 MB   4.20 ms             7.69 ms
//	with the signer            9.24 MB    3.52 MB   4.18 ms, +0 KiB     7.45 ms
//	with the SDK's service/s3  10.58 MB   3.91 MB   4.53 ms, +116 KiB   8.07 ms
//
// Alone, service/s3 takes 1.59 ms and 8.20 MB, the signer 1.01 ms and 6.03 MB, net/http itself 0.87 ms and 5.89 MB.
package s3
