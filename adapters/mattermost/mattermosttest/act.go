package mattermosttest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

// Command types a slash command into a channel, or into a thread if rootID is not empty.
func (u *User) Command(ctx context.Context, channelID, rootID, line string) (Answer, error) {
	a, _, err := u.do(ctx, channelID, "/commands/execute",
		&model.CommandArgs{ChannelId: channelID, RootId: rootID, TeamId: u.town.Team.Id, Command: line})
	return a, err
}

// Click clicks a button by its label, or chooses the option of that value in the menu of that label.
func (u *User) Click(ctx context.Context, post *model.Post, label, choice string) (Answer, error) {
	action, err := find(post, label, choice)
	if err != nil {
		return Answer{}, err
	}
	a, _, err := u.do(ctx, post.ChannelId, "/posts/"+post.Id+"/actions/"+action.Id,
		model.DoPostActionRequest{SelectedOption: choice, Cookie: action.Cookie})
	return a, err
}

// find is the action that somebody sees under a label and can use.
func find(post *model.Post, label, choice string) (*model.PostAction, error) {
	for _, a := range actions(post) {
		if plain(a.Name) != label {
			continue
		}
		switch {
		case a.Disabled:
			return nil, fmt.Errorf("%q can't be clicked", label)
		case a.Type == model.PostActionTypeSelect && a.DataSource == "" && !offers(a, choice):
			return nil, fmt.Errorf("menu %q has no option %q", label, choice)
		case a.Type != model.PostActionTypeSelect && choice != "":
			return nil, fmt.Errorf("%q is no menu", label)
		}
		return a, nil
	}
	return nil, fmt.Errorf("post %s has no button or menu %q, but %q", post.Id, label, Buttons(post))
}

func offers(a *model.PostAction, choice string) bool {
	return slices.ContainsFunc(a.Options, func(o *model.PostActionOptions) bool { return o != nil && o.Value == choice })
}

func actions(post *model.Post) []*model.PostAction {
	var all []*model.PostAction
	for _, a := range post.Attachments() {
		all = append(all, a.Actions...)
	}
	return all
}

// Buttons is the labels of a post's buttons and menus.
func Buttons(post *model.Post) []string {
	var labels []string
	for _, a := range actions(post) {
		labels = append(labels, plain(a.Name))
	}
	return labels
}

// Say posts into a channel, or into a thread if rootID is not empty. A post with the pendingID of an earlier one is not
// posted again.
func (u *User) Say(ctx context.Context, channelID, rootID, text, pendingID string, fileIDs ...string) (*model.Post, error) {
	client, err := u.Client(ctx)
	if err != nil {
		return nil, err
	}
	post, _, err := client.CreatePost(ctx, &model.Post{ChannelId: channelID, RootId: rootID, Message: text,
		PendingPostId: pendingID, FileIds: fileIDs})
	if err != nil {
		return nil, fmt.Errorf("%s says %.40q: %w", u.Name, text, err)
	}
	return post, nil
}

// Edit changes the text of a post.
func (u *User) Edit(ctx context.Context, postID, text string) (*model.Post, error) {
	client, err := u.Client(ctx)
	if err != nil {
		return nil, err
	}
	post, _, err := client.PatchPost(ctx, postID, &model.PostPatch{Message: &text})
	if err != nil {
		return nil, fmt.Errorf("%s edits a post: %w", u.Name, err)
	}
	return post, nil
}

// Delete deletes a post.
func (u *User) Delete(ctx context.Context, postID string) error {
	client, err := u.Client(ctx)
	if err != nil {
		return err
	}
	if _, err := client.DeletePost(ctx, postID); err != nil {
		return fmt.Errorf("%s deletes a post: %w", u.Name, err)
	}
	return nil
}

// React adds a reaction, such as "eyes", to a post.
func (u *User) React(ctx context.Context, postID, emoji string) error {
	client, err := u.Client(ctx)
	if err != nil {
		return err
	}
	if _, _, err := client.SaveReaction(ctx, u.reaction(postID, emoji)); err != nil {
		return fmt.Errorf("%s reacts with %s: %w", u.Name, emoji, err)
	}
	return nil
}

// Unreact takes a reaction back.
func (u *User) Unreact(ctx context.Context, postID, emoji string) error {
	client, err := u.Client(ctx)
	if err != nil {
		return err
	}
	if _, err := client.DeleteReaction(ctx, u.reaction(postID, emoji)); err != nil {
		return fmt.Errorf("%s takes %s back: %w", u.Name, emoji, err)
	}
	return nil
}

func (u *User) reaction(postID, emoji string) *model.Reaction {
	return &model.Reaction{UserId: u.ID, PostId: postID, EmojiName: strings.Trim(emoji, ":")}
}

// Upload uploads a file to a channel and returns its id, for Say or Submit.
func (u *User) Upload(ctx context.Context, channelID, name string, data []byte) (string, error) {
	client, err := u.Client(ctx)
	if err != nil {
		return "", err
	}
	answer, _, err := client.UploadFile(ctx, data, channelID, name)
	if err != nil {
		return "", fmt.Errorf("%s uploads %s: %w", u.Name, name, err)
	}
	if len(answer.FileInfos) != 1 {
		return "", fmt.Errorf("%s uploads %s: the server names %d files", u.Name, name, len(answer.FileInfos))
	}
	return answer.FileInfos[0].Id, nil
}

// Download is the content of a file.
func (u *User) Download(ctx context.Context, fileID string) ([]byte, error) {
	client, err := u.Client(ctx)
	if err != nil {
		return nil, err
	}
	data, _, err := client.GetFile(ctx, fileID)
	if err != nil {
		return nil, fmt.Errorf("%s downloads a file: %w", u.Name, err)
	}
	return data, nil
}

// Direct is the channel of the direct messages with somebody, such as the bot.
func (u *User) Direct(ctx context.Context, userID string) (string, error) {
	client, err := u.Client(ctx)
	if err != nil {
		return "", err
	}
	channel, _, err := client.CreateDirectChannel(ctx, u.ID, userID)
	if err != nil {
		return "", fmt.Errorf("%s opens direct messages: %w", u.Name, err)
	}
	return channel.Id, nil
}
