package e2e

// beside has Ana ask here, and Zoë in the place next door, on whose Yan's desk her ticket comes: both have tickets of their
// own, with agents and channels apart. It gives Ana's number and card, Zoë's conversation and Yan's card.
func (w *world) beside(there *world) (key string, card, its, other message) {
	w.Helper()
	ana, carla := w.as("ana"), w.as("carla")
	yan, zoe := there.as("yan"), there.as("zoe")
	key, card = ana.opens("Here the roof leaks")
	f := zoe.types("lobby", "/ticket Next door it burns").Form
	zoe.reads(zoe.fills(f, "type", "question", "category", "other"), "Your ticket is", "HD-00002")
	its = zoe.sees(direct, "", "HD-00002 · ")
	other = yan.sees("desk", "", "HD-00002 · Next door it burns", "by Zoë Martin")
	carla.neverSees("Next door")

	// Agents are agents in the place where they are in the team's channel.
	w.eventually(func() error {
		_, err := yan.reading(yan.types("lobby", "/ticket queue"), "HD-00002")
		return err
	})
	yan.clicks(other, "Claim")
	zoe.sees(direct, its.ID, "Yan Li took this ticket")
	zoe.says(direct, its.ID, "Hurry")
	there.notifies(yan.sees("desk", other.ID, "Zoë Martin: Hurry"), "yan")
	zoe.reads(zoe.types("lobby", "/ticket queue"), "Only the team")
	zoe.reads(zoe.types("lobby", "/ticket show "+key), "There is no ticket "+key)
	return key, card, its, other
}
