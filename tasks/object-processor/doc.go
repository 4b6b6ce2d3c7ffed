// Command object-processor makes a description of one S3 object, and a thumbnail of it when it is a JPEG, PNG or GIF
// picture.
//
//	object-processor process [s3://bucket/key]
//
// What comes in: the object named, or the one that S3_BUCKET, S3_KEY and S3_VERSION_ID name, or the objects of the
// manifest of a batch that SLIPWAY_MANIFEST is or names. What goes out: the files thumbnail.jpg or thumbnail.png, and
// then description.json, in RESULTS_BUCKET under the object's key. Running it twice gives the same files; of two
// versions of one key, the one processed last is described.
//
// It reads an object once, as a stream, and must never hold one in memory: only the pixels of a picture, at most
// PIXELS_MAX of them (50 million). It keeps its task in 1 GiB. PROCESS_DELAY, for demonstrations, makes it wait before
// it begins.
//
// The objects of a batch are processed one after the other, so that this stays true, each as if it were alone. What came
// of each is written to SLIPWAY_REPORT every few seconds, after the last one, and on SIGTERM, without those that were not
// begun or were given up.
//
// Exit codes: 0 done; 1 the object is missing, not readable or a damaged picture; 2 wrong usage; 75 trouble that may
// pass, such as throttling; 143 told to stop before it was done. Of a batch: 0 the outcome of every object is reported,
// also of those that failed; 1 some failed, and there is no SLIPWAY_REPORT; 75 the report cannot be written.
package main
