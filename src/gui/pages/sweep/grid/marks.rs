//! How each state of a trial looks, and what it is called.

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Color32, Pos2, Rect, vec2};

use super::plan::Plan;
use crate::gui::pages::sweep::stored::Read;
use crate::gui::theme::Tokens;
use crate::library::TrialStatus;

/// How a trial stands, for people.
pub(super) fn words(status: TrialStatus) -> &'static str {
    match status {
        TrialStatus::Planned => "to come",
        TrialStatus::Running => "going on",
        TrialStatus::Done => "done",
        TrialStatus::NotReached => "not reached",
        TrialStatus::Failed => "failed",
        TrialStatus::Pruned => "given up",
        TrialStatus::Skipped => "never begun",
    }
}

/// All cells at once, so that thousands cost what one does.
pub(super) fn mesh(
    read: &Read,
    places: &[usize],
    plan: &Plan,
    origin: Pos2,
    tokens: &Tokens,
) -> Mesh {
    let mut mesh = Mesh::default();
    for (at, trial) in places.iter().enumerate() {
        cell(
            &mut mesh,
            plan.cell(origin, at),
            read.trials[*trial].status,
            tokens,
        );
    }
    mesh
}

/// A cell: each state has a colour and a shape of its own, which can be told apart down to some points.
pub(super) fn cell(mesh: &mut Mesh, rect: Rect, status: TrialStatus, tokens: &Tokens) {
    let part = |left: f32, top: f32, right: f32, bottom: f32| {
        Rect::from_min_max(
            rect.lerp_inside(vec2(left, top)),
            rect.lerp_inside(vec2(right, bottom)),
        )
    };
    match status {
        // Hollow.
        TrialStatus::Planned => {
            mesh.add_colored_rect(rect, tokens.outline);
            mesh.add_colored_rect(part(0.1, 0.1, 0.9, 0.9), tokens.canvas);
        }
        // A thick frame.
        TrialStatus::Running => {
            mesh.add_colored_rect(rect, tokens.accent);
            mesh.add_colored_rect(part(0.3, 0.3, 0.7, 0.7), tokens.surface);
        }
        // Full; a little toward the ground, since mostly there are many.
        TrialStatus::Done => {
            let colour = tokens.good.lerp_to_gamma(tokens.surface, 0.25);
            mesh.add_colored_rect(rect, colour);
        }
        // The lower half, below a diagonal.
        TrialStatus::NotReached => {
            mesh.add_colored_rect(rect, tokens.raised);
            polygon(
                mesh,
                &[rect.left_top(), rect.right_bottom(), rect.left_bottom()],
                tokens.warning,
            );
        }
        // A cross.
        TrialStatus::Failed => {
            mesh.add_colored_rect(rect, tokens.raised);
            let wide = 0.24 * rect.width();
            for (from, to) in [
                (rect.left_top(), rect.right_bottom()),
                (rect.right_top(), rect.left_bottom()),
            ] {
                let across = (to - from).rot90().normalized() * wide / 2.0;
                let inner = |point: Pos2| point + (rect.center() - point) * 0.12;
                let (from, to) = (inner(from), inner(to));
                polygon(
                    mesh,
                    &[from - across, from + across, to + across, to - across],
                    tokens.error,
                );
            }
        }
        // A bar across.
        TrialStatus::Pruned => {
            mesh.add_colored_rect(rect, tokens.raised);
            mesh.add_colored_rect(part(0.1, 0.36, 0.9, 0.64), tokens.dim);
        }
        // A dot.
        TrialStatus::Skipped => mesh.add_colored_rect(part(0.36, 0.36, 0.64, 0.64), tokens.outline),
    }
}

fn polygon(mesh: &mut Mesh, corners: &[Pos2], colour: Color32) {
    let first = mesh.vertices.len() as u32;
    mesh.vertices.extend(corners.iter().map(|pos| Vertex {
        pos: *pos,
        uv: WHITE_UV,
        color: colour,
    }));
    for at in 2..corners.len() as u32 {
        mesh.add_triangle(first, first + at - 1, first + at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Vec2, pos2};

    #[test]
    fn every_state_has_a_shape_of_its_own() {
        let tokens = Tokens::of(egui::Theme::Dark);
        let rect = Rect::from_min_size(pos2(0.0, 0.0), Vec2::splat(10.0));
        let shapes: Vec<Vec<[i32; 2]>> = TrialStatus::ALL
            .into_iter()
            .map(|status| {
                let mut mesh = Mesh::default();
                cell(&mut mesh, rect, status, &tokens);
                let corner =
                    |vertex: &Vertex| [vertex.pos.x, vertex.pos.y].map(|at| (at * 100.0) as i32);
                mesh.vertices.iter().map(corner).collect()
            })
            .collect();
        for (at, shape) in shapes.iter().enumerate() {
            assert!(!shapes[..at].contains(shape), "{:?}", TrialStatus::ALL[at]);
        }
    }
}
