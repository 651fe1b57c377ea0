package mongo

import (
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// A ticket is updated by its id alone, which every server does without planning, and the condition stands in the update
// itself: as its first stage, which fails where the condition does not hold. Then nothing of the update is done.

// conversionFailure is the server's code for what guard fails with.
const conversionFailure = 241

func withID(id string) bson.D { return bson.D{{Key: "_id", Value: id}} }

// guard is the stage. What it converts depends on the document, or the server would find out beforehand that it can't.
func guard(condition bson.D) bson.D {
	failing := bson.D{{Key: "$toInt", Value: bson.D{{Key: "$concat", Value: bson.A{"refused: ", "$_id"}}}}}
	return bson.D{{Key: "$set", Value: bson.D{{Key: "guard", Value: bson.D{{Key: "$cond", Value: bson.A{condition, "$$REMOVE", failing}}}}}}}
}

// refused says whether an update failed because its guard's condition did not hold.
func refused(err error) bool {
	server, ok := errors.AsType[driver.ServerError](err)
	return ok && server.HasErrorCode(conversionFailure)
}
