"""What an owner does in Discord's own settings: who sees a command, who has which role."""

from discord.app_commands import AppCommand
from simcord.actors import MemberActor

from tests.discord.world import World


async def show_to_everyone(world: World, name: str) -> None:
    """Override a command's permissions, as an owner can under Integrations."""
    commands = {each.name: each for each in await world.easel.tree.fetch_commands()}
    command: AppCommand = commands[name]
    world.guild.set_command_permissions(command, {world.guild.default_role: True})


def take_roles(world: World, member: MemberActor) -> None:
    """Take every role from *member*."""
    backend, guild_id = world.env.backend, world.guild.id
    for role_id in list(backend.get_member(guild_id, member.id).role_ids):
        backend.remove_member_role(guild_id, member.id, role_id)
