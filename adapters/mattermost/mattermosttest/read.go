package mattermosttest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

// page is how many posts are read at once.
const page = 200

// Posts is all posts of a channel, threads included, oldest first, without deleted ones and without what Mattermost itself
// says of people who come and go.
func (u *User) Posts(ctx context.Context, channelID string) ([]*model.Post, error) {
	client, err := u.Client(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	var posts []*model.Post // newest first
	list, _, err := client.GetPostsForChannel(ctx, channelID, 0, page, "", false, false)
	for {
		if err != nil {
			return nil, fmt.Errorf("%s reads a channel: %w", u.Name, err)
		}
		for _, id := range list.Order {
			if !known[id] {
				known[id] = true
				posts = append(posts, list.Posts[id])
			}
		}
		if len(list.Order) < page {
			slices.Reverse(posts)
			return said(posts), nil
		}
		list, _, err = client.GetPostsBefore(ctx, channelID, overlap(list), 0, page, "", false, false)
	}
}

// overlap is the post of a page to continue before. "Before" means an earlier millisecond, so all that share the millisecond
// of the oldest are read again.
func overlap(list *model.PostList) string {
	oldest := list.Posts[list.Order[len(list.Order)-1]]
	for _, id := range slices.Backward(list.Order) {
		if list.Posts[id].CreateAt > oldest.CreateAt {
			return id
		}
	}
	return oldest.Id
}

// Thread is a thread, oldest first: the post that began it and its replies without deleted ones.
func (u *User) Thread(ctx context.Context, rootID string) ([]*model.Post, error) {
	client, err := u.Client(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	var posts []*model.Post
	next := model.GetPostsOptions{PerPage: page, Direction: "down"}
	for {
		list, _, err := client.GetPostThreadWithOpts(ctx, rootID, "", next)
		if err != nil {
			return nil, fmt.Errorf("%s reads a thread: %w", u.Name, err)
		}
		before := len(posts)
		for _, id := range list.Order {
			if !known[id] {
				known[id] = true
				posts = append(posts, list.Posts[id])
			}
		}
		slices.SortStableFunc(posts, earlier)
		if list.HasNext == nil || !*list.HasNext || len(posts) == before {
			return said(posts), nil
		}
		last := posts[len(posts)-1]
		next.FromPost, next.FromCreateAt = last.Id, last.CreateAt
	}
}

func earlier(a, b *model.Post) int {
	switch {
	case (a.RootId == "") != (b.RootId == ""):
		return strings.Compare(a.RootId, b.RootId)
	case a.CreateAt != b.CreateAt:
		return int(a.CreateAt - b.CreateAt)
	}
	return strings.Compare(a.Id, b.Id)
}

// said leaves out what Mattermost itself says.
func said(posts []*model.Post) []*model.Post {
	return slices.DeleteFunc(posts, func(p *model.Post) bool { return p.IsSystemMessage() || p.DeleteAt != 0 })
}

// Text is a post as somebody reads it, a line each: the message, of each attachment what is above it, "by NAME", title,
// text, "Label: value" and the footer, then "file NAME". Somebody mentioned is @ana, without the random part.
func (t *Town) Text(post *model.Post) string {
	var lines []string
	add := func(format, text string) {
		if text != "" {
			lines = append(lines, fmt.Sprintf(format, text))
		}
	}
	add("%s", post.Message)
	for _, a := range post.Attachments() {
		add("%s", a.Pretext)
		add("by %s", a.AuthorName)
		add("%s", a.Title)
		add("%s", a.Text)
		for _, f := range a.Fields {
			lines = append(lines, fmt.Sprintf("%s: %v", f.Title, f.Value))
		}
		add("%s", a.Footer)
	}
	if post.Metadata != nil {
		for _, f := range post.Metadata.Files {
			add("file %s", f.Name)
		}
	}
	return strings.ReplaceAll(plain(strings.Join(lines, "\n")), "-"+t.suffix, "")
}

var escape = regexp.MustCompile("\\\\([!-/:-@\\[-`{-~])")

// plain is a text without what is there for Markdown only.
func plain(text string) string {
	return escape.ReplaceAllString(strings.ReplaceAll(text, "\u200b", ""), "$1")
}
