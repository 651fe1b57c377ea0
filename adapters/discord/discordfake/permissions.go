package discordfake

import (
	"slices"
	"strings"
)

// Permissions. https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags
const (
	Administrator        uint64 = 1 << 3
	ManageChannels       uint64 = 1 << 4
	ManageGuild          uint64 = 1 << 5
	AddReactions         uint64 = 1 << 6
	ViewChannel          uint64 = 1 << 10
	SendMessages         uint64 = 1 << 11
	ManageMessages       uint64 = 1 << 13
	EmbedLinks           uint64 = 1 << 14
	AttachFiles          uint64 = 1 << 15
	ReadMessageHistory   uint64 = 1 << 16
	MentionEveryone      uint64 = 1 << 17
	ChangeNickname       uint64 = 1 << 26
	ManageRoles          uint64 = 1 << 28
	UseCommands          uint64 = 1 << 31
	ManageThreads        uint64 = 1 << 34
	CreatePublicThreads  uint64 = 1 << 35
	CreatePrivateThreads uint64 = 1 << 36
	SendInThreads        uint64 = 1 << 38
)

// DefaultPermissions are those of the bot's role, unless a guild has others.
const DefaultPermissions = ViewChannel | SendMessages | SendInThreads | CreatePublicThreads | CreatePrivateThreads | ManageThreads |
	EmbedLinks | AttachFiles | ReadMessageHistory

// peoplePermissions are everybody's.
const peoplePermissions = ViewChannel | SendMessages | SendInThreads | CreatePublicThreads | CreatePrivateThreads | EmbedLinks |
	AttachFiles | ReadMessageHistory | AddReactions | UseCommands | ChangeNickname

// directPermissions are everybody's in a direct message.
const directPermissions = ViewChannel | SendMessages | EmbedLinks | AttachFiles | ReadMessageHistory | AddReactions | UseCommands

// all is every permission, and a number that JSON's readers take.
const all uint64 = 1<<53 - 1

// guildPermissions are what somebody may do in a guild, without regard to channels.
func (g *guild) guildPermissions(u *user) uint64 {
	m := g.member(u)
	if m == nil {
		return 0
	}
	may := g.roles[0].permissions
	for _, r := range g.roles {
		if slices.Contains(m.roles, r.id) {
			may |= r.permissions
		}
	}
	if g.owner == u.id || may&Administrator != 0 {
		return all
	}
	return may
}

// permissions are what somebody may do in a channel; in a thread its channel counts.
// https://docs.discord.com/developers/topics/permissions#permission-overwrites
func (s *Server) permissions(u *user, ch *channel) uint64 {
	if ch.guild == nil {
		if u == s.bot || u == ch.peer {
			return directPermissions
		}
		return 0
	}
	may := ch.guild.guildPermissions(u)
	if may == all || may == 0 {
		return may
	}
	of := ch
	if ch.parent != nil {
		of = ch.parent
	}
	m := ch.guild.members[u.id]
	var allow, deny uint64
	for _, o := range of.overwrites {
		if o.id == ch.guild.id {
			may = may&^o.deny | o.allow
		} else if !o.member && slices.Contains(m.roles, o.id) {
			allow, deny = allow|o.allow, deny|o.deny
		}
	}
	may = may&^deny | allow
	for _, o := range of.overwrites {
		if o.member && o.id == u.id {
			may = may&^o.deny | o.allow
		}
	}
	if may&ViewChannel == 0 {
		return 0
	}
	return may
}

// sees says whether a channel is there for somebody. Private threads are for their members and for who manages threads.
func (s *Server) sees(u *user, ch *channel) bool {
	may := s.permissions(u, ch)
	if may&ViewChannel == 0 || ch.deleted {
		return false
	}
	if ch.kind != privateThread || may&ManageThreads != 0 {
		return true
	}
	_, in := ch.joined[u.id]
	return in
}

// botSees is sees, of the bot.
func (s *Server) botSees(ch *channel) bool { return s.sees(s.bot, ch) }

// may says whether somebody has all of these permissions in a channel.
func (s *Server) may(u *user, ch *channel, wanted uint64) bool {
	return s.permissions(u, ch)&wanted == wanted
}

// mayPost says whether somebody may write in a channel; a thread has a permission of its own for that.
func (s *Server) mayPost(u *user, ch *channel) bool {
	if ch.isThread() {
		return s.may(u, ch, SendInThreads)
	}
	return s.may(u, ch, SendMessages)
}

// permissionNames are what the documentation calls them.
var permissionNames = map[uint64]string{
	ViewChannel: "VIEW_CHANNEL", SendMessages: "SEND_MESSAGES", SendInThreads: "SEND_MESSAGES_IN_THREADS",
	CreatePublicThreads: "CREATE_PUBLIC_THREADS", CreatePrivateThreads: "CREATE_PRIVATE_THREADS", ManageThreads: "MANAGE_THREADS",
	EmbedLinks: "EMBED_LINKS", AttachFiles: "ATTACH_FILES", ReadMessageHistory: "READ_MESSAGE_HISTORY",
	ManageMessages: "MANAGE_MESSAGES", ManageChannels: "MANAGE_CHANNELS", AddReactions: "ADD_REACTIONS",
}

// PermissionNames are the names of these permissions as Discord's documentation has them, such as SEND_MESSAGES.
func PermissionNames(permissions uint64) string {
	var out []string
	for bit := uint64(1); bit != 0; bit <<= 1 {
		if permissions&bit != 0 && permissionNames[bit] != "" {
			out = append(out, permissionNames[bit])
		}
	}
	return strings.Join(out, " ")
}
