package bot

import (
	"context"
	"slices"

	"balie/internal/chat"
	"balie/internal/ticket"
)

// introduce looks up the people of a ticket of whom only an account is known: somebody chose them in a form, and no
// handler asks a platform anything. Whoever can't be looked up is shown by the account, which stops no post.
func (d *deliverer) introduce(ctx context.Context, tk ticket.Ticket) {
	people := append([]string{tk.Requester, tk.Assignee}, tk.Followers...)
	category, _ := d.policy.Category(tk.Category)
	for _, f := range category.Fields {
		if f.Kind == chat.PersonField {
			people = append(people, tk.Fields[f.ID]...)
		}
	}
	for _, id := range people {
		if ctx.Err() != nil {
			return
		}
		if id == "" {
			continue
		}
		who, err := d.desk.Person(ctx, id)
		i := slices.IndexFunc(who.Identities, func(i chat.Identity) bool { return i.ID == who.Name })
		if err != nil || i < 0 || d.asked.Contains(id) {
			continue
		}
		d.asked.Add(id, struct{}{})
		if err := d.lookUp(ctx, who.Identities[i]); err != nil {
			d.log.WithError(err).WithField("person", id).Warn("a person is shown by account: the platform does not tell who it is")
		}
	}
}

func (d *deliverer) lookUp(ctx context.Context, i chat.Identity) error {
	directory, ok := d.directory(i.Platform)
	if !ok {
		return nil
	}
	p, err := directory.Person(ctx, i.Workspace, i.ID)
	if err != nil {
		return err
	}
	_, err = d.desk.Identify(ctx, i, p)
	return err
}
