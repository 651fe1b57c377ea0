package mattermostfake

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
)

const (
	maxMessage  = 16383
	pendingTime = 30 * time.Second
	noPost      = "app.post.get.app_error"
	badRoot     = "api.post.create_post.root_id.app_error"
)

var actionID = regexp.MustCompile(`^[A-Za-z0-9]+$`)

func (s *Server) postRoutes() []route {
	return []route{
		{method: "POST", path: "/posts", do: createPost},
		{method: "POST", path: "/posts/ephemeral", do: createEphemeral},
		{method: "POST", path: "/posts/ids", do: postsByIDs},
		{method: "GET", path: "/posts/{post}", do: getPost},
		{method: "GET", path: "/posts/{post}/thread", do: getThread},
		{method: "PUT", path: "/posts/{post}", do: updatePost},
		{method: "PUT", path: "/posts/{post}/patch", do: patchPost},
		{method: "DELETE", path: "/posts/{post}", do: deletePost},
		{method: "POST", path: "/posts/{post}/pin", do: pinPost},
		{method: "POST", path: "/posts/{post}/unpin", do: unpinPost},
		{method: "GET", path: "/posts/{post}/files/info", do: postFiles},
		{method: "GET", path: "/posts/{post}/reactions", do: postReactions},
		{method: "GET", path: "/channels/{channel}/posts", do: channelPosts},
		{method: "GET", path: "/channels/{channel}/pinned", do: pinnedPosts},
		{method: "POST", path: "/reactions", do: addReaction},
		{method: "DELETE", path: "/users/{user}/posts/{post}/reactions/{emoji_name}", do: removeReaction},
	}
}

func createPost(c *call) (any, *model.AppError) {
	var p model.Post
	if e := c.decode(&p, "post"); e != nil {
		return nil, e
	}
	s := c.s
	p.SanitizeInput()
	p.UserId = c.me.Id
	if p.CreateAt != 0 && !s.isAdmin(c.me.Id) {
		p.CreateAt = 0
	}
	p.Id, p.UpdateAt, p.EditAt, p.Metadata = "", 0, 0, nil
	ch := s.channels[p.ChannelId]
	if !s.canChannel(c.me.Id, ch, model.PermissionCreatePost) &&
		(ch == nil || ch.Type != model.ChannelTypeOpen || !s.canTeam(c.me.Id, ch.TeamId, model.PermissionCreatePostPublic)) {
		return nil, notPermitted(c, model.PermissionCreatePost)
	}
	switch {
	case ch == nil:
		return nil, invalidParam("post.channel_id")
	case strings.HasPrefix(p.Type, model.PostSystemMessagePrefix):
		return nil, invalidParam("post.type")
	case ch.DeleteAt != 0:
		return nil, fault(http.StatusBadRequest, "api.post.create_post.can_not_post_to_deleted.error")
	}
	if e := s.channelLimited(c, ch.Id); e != nil {
		return nil, e
	}
	if earlier, e := s.repeated(c, p.PendingPostId); earlier != nil || e != nil {
		c.status = http.StatusCreated
		return earlier, e
	}
	if gate := s.trouble.gate; gate != nil {
		s.trouble.gate = nil
		s.outside(func() { <-gate })
	}
	pendingID := p.PendingPostId
	made, e := s.savePost(&p, ch)
	if e != nil {
		delete(s.pending, pendingID)
		return nil, e
	}
	if pendingID != "" {
		s.pending[pendingID] = &pendingPost{postID: made.Id, made: s.host.Now()}
	}
	c.lost = s.takeUncertain(c.me.Id)
	c.status = http.StatusCreated
	v := s.view(made)
	v.PendingPostId = pendingID
	return v, nil
}

// repeated is the post that was made under the same pending id a moment ago; nil if this is the first try.
func (s *Server) repeated(c *call, id string) (*model.Post, *model.AppError) {
	if id == "" {
		return nil, nil
	}
	seen := s.pending[id]
	if seen == nil || s.host.Now().Sub(seen.made) >= pendingTime {
		s.pending[id] = &pendingPost{made: s.host.Now()}
		return nil, nil
	}
	if seen.postID == "" {
		return nil, fault(http.StatusInternalServerError, "api.post.deduplicate_create_post.pending")
	}
	p := s.posts[seen.postID]
	if p == nil || p.DeleteAt != 0 {
		return nil, fault(http.StatusInternalServerError, "api.post.deduplicate_create_post.failed_to_get")
	}
	if !s.canRead(c.me.Id, s.channels[p.ChannelId]) {
		return nil, nil
	}
	v := s.view(p)
	v.Metadata = nil
	return v, nil
}

// savePost checks and keeps a new post and tells who can see it.
func (s *Server) savePost(p *model.Post, ch *model.Channel) (*model.Post, *model.AppError) {
	p.SanitizeProps()
	author := s.users[p.UserId]
	if s.bots[author.Id] != nil {
		p.AddProp(model.PostPropsFromBot, "true")
	}
	if p.RootId != "" {
		root := s.posts[p.RootId]
		switch {
		case root == nil || root.DeleteAt != 0 || root.ChannelId == ch.Id && root.RootId != "":
			return nil, fault(http.StatusBadRequest, badRoot)
		case root.ChannelId != ch.Id:
			return nil, fault(http.StatusBadRequest, "api.post.create_post.channel_root_id.app_error")
		}
	}
	if p.CreateAt == 0 {
		p.CreateAt = s.millis()
	}
	p.PreSave()
	if e := p.IsValid(maxMessage); e != nil {
		return nil, fault(http.StatusBadRequest, e.Id)
	}
	p.Hashtags, _ = model.ParseHashtags(p.Message)
	plain(p)
	s.checkAttachments(p)
	if len(p.FileIds) > 0 {
		p.FileIds = s.attach(p, p.FileIds)
	}
	pendingID := p.PendingPostId
	p.PendingPostId = ""
	s.keep(p)
	if root := s.posts[p.RootId]; root != nil {
		root = root.Clone()
		root.UpdateAt = p.CreateAt
		s.posts[root.Id] = root
	}
	ch = s.channels[ch.Id].DeepCopy()
	ch.LastPostAt = p.CreateAt
	ch.TotalMsgCount++
	s.channels[ch.Id] = ch
	v := s.view(p)
	v.PendingPostId = pendingID
	sender := "@" + author.Username
	if p.IsSystemMessage() {
		sender = "System"
	}
	s.publish(model.WebsocketEventPosted, toChannel(ch.Id), map[string]any{
		"channel_type": ch.Type, "channel_display_name": s.channelTitle(ch, author.User), "channel_name": ch.Name,
		"sender_name": sender, "team_id": ch.TeamId, "set_online": true, "post": encoded(v),
	})
	return p, nil
}

func (s *Server) channelTitle(ch *model.Channel, author *model.User) string {
	if ch.Type == model.ChannelTypeDirect {
		return "@" + author.Username
	}
	return ch.DisplayName
}

func (s *Server) keep(p *model.Post) {
	s.posts[p.Id] = p
	s.order[p.ChannelId] = append(s.order[p.ChannelId], p.Id)
	if p.RootId != "" {
		s.thread[p.RootId] = append(s.thread[p.RootId], p.Id)
	}
}

// plain turns what is in the props into what JSON makes of it, which is how they are kept.
func plain(p *model.Post) {
	b, err := json.Marshal(p.GetProps())
	if err != nil {
		return
	}
	props := model.StringInterface{}
	if json.Unmarshal(b, &props) == nil {
		p.SetProps(props)
	}
}

// checkAttachments notes what a real server would only log: the adapter has to get it right.
func (s *Server) checkAttachments(p *model.Post) {
	if s.bots[p.UserId] == nil {
		return
	}
	for i, a := range p.Attachments() {
		if err := a.IsValid(); err != nil {
			s.host.Note("attachment %d of a post is invalid: %v", i, err)
		}
		for _, action := range a.Actions {
			if !actionID.MatchString(action.Id) {
				s.host.Note("the action id %q is dead: it may only have letters and digits", action.Id)
			}
		}
	}
}

// systemPost says what happened in a channel.
func (s *Server) systemPost(ch *model.Channel, by *model.User, kind, text string, props model.StringInterface) {
	p := &model.Post{UserId: by.Id, ChannelId: ch.Id, Type: kind, Message: text, Props: props}
	if _, e := s.savePost(p, ch); e != nil {
		s.host.Note("a system message was refused: %s", e.Id)
	}
}

// view is a post as clients see it, without the integrations' secrets.
func (s *Server) view(p *model.Post) *model.Post {
	v := p.Clone()
	v.SetProps(maps.Clone(p.GetProps()))
	v.Metadata = &model.PostMetadata{}
	if len(p.Attachments()) > 0 {
		v.Metadata.Embeds = []*model.PostEmbed{{Type: model.PostEmbedMessageAttachment}}
	}
	v.StripActionIntegrations()
	root := p.RootId
	if root == "" {
		root = p.Id
	}
	for _, id := range s.thread[root] {
		if s.posts[id].DeleteAt == 0 {
			v.ReplyCount++
		}
	}
	if p.DeleteAt != 0 {
		v.Message = ""
		return v
	}
	v.Metadata.Reactions = s.reactions[p.Id]
	for _, id := range p.FileIds {
		v.Metadata.Files = append(v.Metadata.Files, s.files[id].info)
	}
	return v
}

// readable finds the post of the call, for those who may read its channel. Reading a public channel that one is not in
// needs its team.
func (c *call) readable() (*model.Post, *model.AppError) {
	p := c.s.posts[c.params["post"]]
	if p == nil || p.DeleteAt != 0 {
		return nil, fault(http.StatusNotFound, noPost)
	}
	if ch := c.s.channels[p.ChannelId]; !c.s.canRead(c.me.Id, ch) {
		if ch.Type == model.ChannelTypeOpen {
			return nil, notPermitted(c, model.PermissionReadPublicChannel)
		}
		return nil, notPermitted(c, model.PermissionReadChannelContent)
	}
	return p, nil
}

func getPost(c *call) (any, *model.AppError) {
	p, e := c.readable()
	if e != nil {
		return nil, e
	}
	return c.s.view(p), nil
}

func createEphemeral(c *call) (any, *model.AppError) {
	var in model.PostEphemeral
	if e := c.decode(&in, "body"); e != nil {
		return nil, e
	}
	switch {
	case in.UserID == "":
		return nil, invalidBody("user_id")
	case in.Post == nil:
		return nil, invalidBody("post")
	case !c.s.can(c.me.Id, model.PermissionCreatePostEphemeral):
		return nil, notPermitted(c, model.PermissionCreatePostEphemeral)
	}
	in.Post.UserId = c.me.Id
	in.Post.CreateAt = c.s.millis()
	c.status = http.StatusCreated
	// Who sends it gets cookies that are made a second time, of what was stripped already: they are no good.
	return model.AddPostActionCookies(c.s.sendEphemeral(in.UserID, in.Post), c.s.secret), nil
}

// sendEphemeral shows a post to one person. It is kept nowhere; its actions carry a cookie instead.
func (s *Server) sendEphemeral(to string, p *model.Post) *model.Post {
	p.Type = model.PostTypeEphemeral
	if p.Id == "" {
		p.Id = model.NewId()
	}
	if p.CreateAt == 0 {
		p.CreateAt = s.millis()
	}
	if p.GetProps() == nil {
		p.SetProps(model.StringInterface{})
	}
	plain(p)
	p.GenerateActionIds()
	p.Metadata = &model.PostMetadata{}
	if len(p.Attachments()) > 0 {
		p.Metadata.Embeds = []*model.PostEmbed{{Type: model.PostEmbedMessageAttachment}}
	}
	v := model.AddPostActionCookies(p, s.secret)
	v.StripActionIntegrations()
	s.publish(model.WebsocketEventEphemeralMessage, toUserIn(p.ChannelId, to), map[string]any{"post": encoded(v)})
	return v
}
