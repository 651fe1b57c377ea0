package chat

import (
	"context"
	"io"
	"time"
)

// Post is one message of the bot's.
type Post struct {
	// Key is the delivery's id: an adapter makes sure that one Key gives one message, however often it is sent.
	Key string
	To  Place
	// Author, if set, is the person on whose behalf it is said, shown where the platform can.
	Author *Author
	// Text is Markdown of this subset: paragraphs, line breaks, **bold**, *italic*, ~~strike~~, `code`, fenced code, > quotes,
	// lists, [links](https://…) with http, https and mailto; a backslash before a sign takes the sign's meaning away.
	// Nothing in it mentions anybody: @channel, <!here> and the like are words, and the adapter renders them as such.
	Text string
	// Mention are the accounts to notify, on this platform.
	Mention []string
	// Card stands under Text. Without a Text the adapter makes a notification of its title.
	Card    *Card
	Buttons []Button
	Files   []OutFile
	// Topic, if set, is what the conversation under the post is about, where that is a thing of its own.
	Topic *Topic
	At    time.Time // when what it tells happened; zero for now
	// Quiet asks not to notify anybody.
	Quiet bool
	// Again says since when an earlier try, perhaps of another process, may have made the post: where the platform does not
	// make a repeat harmless by itself, the adapter looks whether it stands already. Zero if there was none.
	Again time.Time
	// Others are posts of the same ticket that this one is not, for an adapter that has to look whether it stands already and
	// can tell posts apart by their words only. They are set with Again.
	Others []Ref
}

// Topic is the conversation under a post, on platforms where that has a name and a state. It is brought up to date whenever
// the post is sent or edited.
type Topic struct {
	Name     string   // plain text
	Closed   bool     // nothing more is expected in it
	Status   string   // one of Statuses, shown where the platform has labels for that
	Statuses []string // all there are
	// People are the accounts that it is for, where the platform can keep a conversation from others in the same channel
	// (see Caps.Private). Empty means that everybody in the channel may read it.
	People []string
}

// Place is where a post goes: a channel, or the direct conversation with a person, or a thread in either.
type Place struct {
	Platform  string `json:"platform"`
	Workspace string `json:"workspace,omitempty"`
	Channel   string `json:"channel,omitempty"`
	Person    string `json:"person,omitempty"` // the platform's id; instead of Channel
	Thread    string `json:"thread,omitempty"` // the root message's id
}

// Author is a person as shown on a post or card.
type Author struct {
	Name   string `json:"name"`
	Avatar string `json:"avatar,omitempty"` // URL of a picture
}

// Tone says how a card should look; platforms turn it into a colour or a sign.
type Tone string

// The tones.
const (
	Neutral Tone = "neutral"
	Info    Tone = "info"
	Good    Tone = "good"
	Warn    Tone = "warn"
	Alert   Tone = "alert"
)

// Card is a structured post. All strings are plain text, except Text, which is Markdown as in Post.Text.
type Card struct {
	Title  string  `json:"title"`
	URL    string  `json:"url,omitempty"`
	Author *Author `json:"author,omitempty"`
	Text   string  `json:"text,omitempty"`
	Facts  []Fact  `json:"facts,omitempty"`
	Tone   Tone    `json:"tone,omitempty"`
	Footer string  `json:"footer,omitempty"`
}

// Fact is a labelled value on a card. With Since set, the adapter shows how long ago that is, live where it can.
type Fact struct {
	Label string    `json:"label"`
	Value string    `json:"value"`
	Since time.Time `json:"since,omitzero"`
}

// Style says how a button should look.
type Style string

// The styles.
const (
	Plain   Style = ""
	Primary Style = "primary"
	Danger  Style = "danger"
)

// Button is a button under a post. With Options it is a menu, and the click tells the choice.
type Button struct {
	Label   string   `json:"label"`
	Value   Value    `json:"value"`
	Style   Style    `json:"style,omitempty"`
	Confirm string   `json:"confirm,omitempty"` // a question to answer first
	Options []Option `json:"options,omitempty"`
}

// OutFile is a file to upload with a post.
type OutFile struct {
	Name string
	Type string // media type
	Size int64  // bytes
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Reply is the immediate answer to an event, seen only by the person it answers. In a direct conversation, or where a
// platform has no private replies, it is an ordinary message. The zero Reply says nothing.
type Reply struct {
	Text    string            // Markdown, as in Post.Text
	Posts   []Post            // further private messages; only Text, Card and Buttons count
	Buttons []Button          // under Text
	Public  *Post             // a message for everybody, where the event happened; its Key makes it one
	Form    *Form             // opens a form, or replaces the open one
	Errors  map[string]string // what is wrong, by field; "" is the form as a whole. The form stays open as it is
	Options []Option          // answers a Query
	Home    *Home             // what the person's home shows from now on; answers HomeOpened, and what was done there
}
