package discord

import (
	"encoding/json"
	"regexp"
	"strconv"
	"time"
)

// What comes in is read with types of our own: one component, or one field, of a kind that a library does not know yet must
// not lose the rest. Discord's documentation has them under https://docs.discord.com/developers/resources.

// snowflake is an id, which tells when it was made.
var snowflake = regexp.MustCompile(`^[0-9]{1,20}$`)

// epoch is where snowflakes begin, in milliseconds since 1970.
const epoch = 1420070400000

// madeAt is when an id was made, in milliseconds since 1970; 0 if it is none.
func madeAt(id string) int64 {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0
	}
	return int64(n>>22) + epoch
}

// snowflakeAt is the smallest id that can be made at a time, in milliseconds since 1970.
func snowflakeAt(ms int64) string {
	return strconv.FormatUint(uint64(max(0, ms-epoch))<<22, 10)
}

// moment is a time; zero if it cannot be read, which must not lose the rest.
type moment struct{ time.Time }

// UnmarshalJSON never fails.
func (m *moment) UnmarshalJSON(raw []byte) error {
	if m.Time.UnmarshalJSON(raw) != nil {
		m.Time = time.Time{}
	}
	return nil
}

// The kinds of channels.
const (
	textChannel   = 0
	directChannel = 1
	newsChannel   = 5
	newsThread    = 10
	publicThread  = 11
	privateThread = 12
	forumChannel  = 15
	mediaChannel  = 16
)

type wireUser struct {
	ID         string `json:"id"`
	Username   string `json:"username"`
	GlobalName string `json:"global_name"`
	Avatar     string `json:"avatar"`
	Bot        bool   `json:"bot"`
	System     bool   `json:"system"`
}

type wireMember struct {
	User        *wireUser `json:"user"`
	Nick        string    `json:"nick"`
	Avatar      string    `json:"avatar"`
	Roles       []string  `json:"roles"`
	Permissions string    `json:"permissions"` // in the channel; of interactions only
}

type wireChannel struct {
	ID           string `json:"id"`
	Type         int    `json:"type"`
	GuildID      string `json:"guild_id"`
	ParentID     string `json:"parent_id"`
	OwnerID      string `json:"owner_id"`
	Name         string `json:"name"`
	LastMessage  string `json:"last_message_id"`
	MessageCount int    `json:"message_count"`
	Thread       *struct {
		Archived   bool   `json:"archived"`
		Locked     bool   `json:"locked"`
		ArchivedAt moment `json:"archive_timestamp"`
	} `json:"thread_metadata"`
	Tags       []wireTag       `json:"available_tags"`
	Applied    []string        `json:"applied_tags"`
	Flags      int             `json:"flags"`
	Overwrites []wireOverwrite `json:"permission_overwrites"`
	Recipients []wireUser      `json:"recipients"`
}

// isThread says whether it is a thread, or a post of a forum.
func (c wireChannel) isThread() bool { return c.Type >= newsThread && c.Type <= privateThread }

// isForum says whether each conversation of it is a post.
func (c wireChannel) isForum() bool { return c.Type == forumChannel || c.Type == mediaChannel }

type wireTag struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Moderated bool   `json:"moderated"`
}

type wireOverwrite struct {
	ID    string `json:"id"`
	Type  int    `json:"type"` // 0 a role, 1 a member
	Allow string `json:"allow"`
	Deny  string `json:"deny"`
}

type wireAttachment struct {
	ID          string `json:"id"`
	Filename    string `json:"filename"`
	Title       string `json:"title"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	URL         string `json:"url"`
}

type wireReference struct {
	Type      int    `json:"type"` // 0 a reply, 1 a forwarded message
	MessageID string `json:"message_id"`
	ChannelID string `json:"channel_id"`
	GuildID   string `json:"guild_id"`
}

// The kinds of messages that people write.
const (
	plainMessage = 0
	replyMessage = 19
)

const (
	flagSuppressEmbeds = 1 << 2
	flagEphemeral      = 1 << 6
	flagSilent         = 1 << 12
	flagComponents     = 1 << 15
)

type wireMessage struct {
	ID          string           `json:"id"`
	Type        int              `json:"type"`
	ChannelID   string           `json:"channel_id"`
	GuildID     string           `json:"guild_id"` // of the gateway's only
	Author      *wireUser        `json:"author"`
	Member      *wireMember      `json:"member"` // of the gateway's only
	WebhookID   string           `json:"webhook_id"`
	Content     string           `json:"content"`
	Timestamp   moment           `json:"timestamp"`
	Edited      *moment          `json:"edited_timestamp"`
	Attachments []wireAttachment `json:"attachments"`
	Mentions    []struct {
		wireUser
		Member *wireMember `json:"member"`
	} `json:"mentions"`
	Reference  *wireReference  `json:"message_reference"`
	Referenced *wireMessage    `json:"referenced_message"`
	Components []wireComponent `json:"components"`
	Embeds     []struct {
		Title       string `json:"title"`
		Description string `json:"description"`
	} `json:"embeds"`
	Metadata  json.RawMessage `json:"interaction_metadata"` // of an answer to an interaction
	Flags     int             `json:"flags"`
	Nonce     json.RawMessage `json:"nonce"`
	Snapshots []struct {
		Message wireMessage `json:"message"`
	} `json:"message_snapshots"` // what a forwarded message says
}

// wireComponent is a component of any kind, of a message or of a form that was sent.
type wireComponent struct {
	Type       int             `json:"type"`
	CustomID   string          `json:"custom_id"`
	Label      string          `json:"label"`
	Component  *wireComponent  `json:"component"`
	Components []wireComponent `json:"components"`
	Accessory  *wireComponent  `json:"accessory"`
	Value      json.RawMessage `json:"value"` // a text, or whether a box is checked
	Values     []string        `json:"values"`
	Options    []struct {
		Label string `json:"label"`
		Value string `json:"value"`
	} `json:"options"`
}

// The kinds of interactions.
const (
	pingInteraction      = 1
	commandInteraction   = 2
	componentInteraction = 3
	completeInteraction  = 4
	formInteraction      = 5
)

type wireInteraction struct {
	ID          string          `json:"id"`
	Application string          `json:"application_id"`
	Type        int             `json:"type"`
	Token       string          `json:"token"`
	GuildID     string          `json:"guild_id"`
	ChannelID   string          `json:"channel_id"`
	Channel     *wireChannel    `json:"channel"`
	Member      *wireMember     `json:"member"`
	User        *wireUser       `json:"user"`
	Locale      string          `json:"locale"`
	Message     *wireMessage    `json:"message"`
	Data        interactionData `json:"data"`
}

// who is the person, and what is told of them as a member; empty if neither is told.
func (in wireInteraction) who() (wireUser, *wireMember) {
	if in.Member != nil && in.Member.User != nil {
		return *in.Member.User, in.Member
	}
	if in.User != nil {
		return *in.User, nil
	}
	return wireUser{}, nil
}

type interactionData struct {
	// Of commands: 1 is typed, 2 of a person's menu, 3 of a message's menu. Of components: the component's kind, under
	// another name.
	Type          int               `json:"type"`
	Name          string            `json:"name"`
	TargetID      string            `json:"target_id"`
	Options       []interactionOpt  `json:"options"`
	Resolved      interactionThings `json:"resolved"`
	CustomID      string            `json:"custom_id"`
	ComponentType int               `json:"component_type"`
	Values        []string          `json:"values"`
	Components    []wireComponent   `json:"components"`
}

type interactionOpt struct {
	Type    int              `json:"type"` // 1 is a subcommand
	Name    string           `json:"name"`
	Value   json.RawMessage  `json:"value"`
	Focused bool             `json:"focused"`
	Options []interactionOpt `json:"options"`
}

type interactionThings struct {
	Messages    map[string]wireMessage    `json:"messages"`
	Attachments map[string]wireAttachment `json:"attachments"`
	Users       map[string]wireUser       `json:"users"`
	Members     map[string]wireMember     `json:"members"`
}

// encode makes JSON of a value that always has one.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return body
}
