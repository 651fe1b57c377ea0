package setup

import (
	"context"
	"slices"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

// EphemeralPermission lets an account show somebody a line that nobody else sees.
const EphemeralPermission = "create_post_ephemeral"

// lookAfterPrivateReplies gives the bot a role that may show people private lines, if that is asked for. No role has that
// permission but the system admin's, and new ones can't be made without a licence, so that a built-in one gets it.
func (s *session) lookAfterPrivateReplies(ctx context.Context) {
	if s.bot == nil {
		if s.PrivateReplies {
			s.say(ToDo, "private", "there is no bot to allow private lines")
		}
		return
	}
	may, resp, err := MayPostPrivately(ctx, s.api, s.bot)
	switch {
	case err != nil:
		s.refused("private", resp, err, "@"+s.Bot+"'s roles could not be read", "run this")
		return
	case may:
		s.say(Found, "private", "@%s may show people lines that nobody else sees", s.Bot)
		return
	case !s.PrivateReplies:
		s.say(Found, "private", "what only one person should see comes as a direct message, where it is no answer to a "+
			"command or button (change it with --private-replies)")
		return
	}
	role, resp, err := s.api.GetRoleByName(ctx, model.SystemPostAllRoleId)
	if err != nil {
		s.refused("private", resp, err, "the role "+model.SystemPostAllRoleId+" could not be read", "run this")
		return
	}
	if !slices.Contains(role.Permissions, EphemeralPermission) {
		permissions := append(slices.Clone(role.Permissions), EphemeralPermission)
		if _, resp, err := s.api.PatchRole(ctx, role.Id, &model.RolePatch{Permissions: &permissions}); err != nil {
			s.refused("private", resp, err, "the role "+role.Name+" could not get the permission "+EphemeralPermission, "run this")
			return
		}
		s.say(Changed, "private", "the role %s has the permission %s now: so has every account with that "+
			"role", role.Name, EphemeralPermission)
	}
	roles := strings.Fields(s.bot.Roles)
	if slices.Contains(roles, role.Name) {
		return
	}
	if resp, err := s.api.UpdateUserRoles(ctx, s.bot.Id, strings.Join(append(roles, role.Name), " ")); err != nil {
		s.refused("private", resp, err, "@"+s.Bot+" could not get the role "+role.Name, "run this")
		return
	}
	s.say(Changed, "private", "@%s has the role %s now: it may show people lines that nobody else sees, and also post in "+
		"every channel, private ones included",
		s.Bot, role.Name)
}

// MayPostPrivately says whether one of the account's roles has EphemeralPermission.
func MayPostPrivately(ctx context.Context, api *model.Client4, user *model.User) (bool, *model.Response, error) {
	roles, resp, err := api.GetRolesByNames(ctx, strings.Fields(user.Roles))
	if err != nil {
		return false, resp, err
	}
	return slices.ContainsFunc(roles, func(r *model.Role) bool {
		return slices.Contains(r.Permissions, EphemeralPermission)
	}), resp, nil
}
