// Command hourly-batch reports on the objects whose results came into the results bucket in an interval.
//
// What comes in: the descriptions of object-processor in RESULTS_BUCKET that S3 got from SLIPWAY_INTERVAL_START up to
// and without SLIPWAY_INTERVAL_END, or in the last full hour when neither is set. What goes out: how many objects, of
// which size and format, when, the largest and the slowest, as reports/<job>/<scheduled time>.html and .json in the
// same bucket, the JSON last. The same input gives the same files, however often it runs. It leaves out everything
// under reports/.
//
// S3 keeps no index by time, so it lists the whole bucket: a thousand objects a call, a second or so for ten thousand.
// An object that is processed again counts when it was processed last.
//
// It must never change a result, nor count an object of another interval. Exit codes: 0 done; 1 the bucket is missing
// or may not be read; 2 wrong usage; 75 trouble that may pass; 143 told to stop before it was done.
package main
